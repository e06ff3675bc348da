// Package view looks at the files of a target without changing them: parts of a file ([Read]), directories ([List]) and what
// matches a pattern ([Search]). Everything is bounded, and what a bound left out is counted.
package view
