package assess

import "strings"

// psAliases are PowerShell's own names for its commands; some mean other things elsewhere.
var psAliases = map[string]string{
	"rm": "Remove-Item", "rmdir": "Remove-Item", "rd": "Remove-Item", "del": "Remove-Item", "erase": "Remove-Item", "ri": "Remove-Item", "rp": "Remove-ItemProperty",
	"cat": "Get-Content", "type": "Get-Content", "gc": "Get-Content", "ls": "Get-ChildItem", "dir": "Get-ChildItem", "gci": "Get-ChildItem", "ps": "Get-Process", "gps": "Get-Process",
	"cp": "Copy-Item", "copy": "Copy-Item", "cpi": "Copy-Item", "mv": "Move-Item", "move": "Move-Item", "mi": "Move-Item", "kill": "Stop-Process", "spps": "Stop-Process",
	"select": "Select-Object", "sort": "Sort-Object", "where": "Where-Object", "?": "Where-Object", "%": "ForEach-Object", "foreach": "ForEach-Object", "group": "Group-Object", "measure": "Measure-Object", "diff": "Compare-Object", "compare": "Compare-Object",
	"ft": "Format-Table", "fl": "Format-List", "fw": "Format-Wide", "fc": "Format-Custom", "gm": "Get-Member", "gcm": "Get-Command", "gal": "Get-Alias", "gv": "Get-Variable", "gp": "Get-ItemProperty", "gpv": "Get-ItemPropertyValue", "gdr": "Get-PSDrive",
	"echo": "Write-Output", "write": "Write-Output", "sleep": "Start-Sleep", "tee": "Tee-Object", "man": "Get-Help", "help": "Get-Help", "h": "Get-History", "history": "Get-History", "pwd": "Get-Location", "gl": "Get-Location", "cd": "Set-Location", "sl": "Set-Location", "chdir": "Set-Location", "pushd": "Push-Location", "popd": "Pop-Location",
	"cls": "Clear-Host", "clear": "Clear-Host", "curl": "Invoke-WebRequest", "wget": "Invoke-WebRequest", "iwr": "Invoke-WebRequest", "irm": "Invoke-RestMethod", "iex": "Invoke-Expression", "icm": "Invoke-Command", "saps": "Start-Process", "start": "Start-Process", "sajb": "Start-Job",
	"sc": "Set-Content", "ac": "Add-Content", "clc": "Clear-Content", "cli": "Clear-Item", "clv": "Clear-Variable", "si": "Set-Item", "sp": "Set-ItemProperty", "ni": "New-Item", "md": "New-Item", "mkdir": "New-Item", "ren": "Rename-Item", "rni": "Rename-Item", "set": "Set-Variable", "sv": "Set-Variable", "nv": "New-Variable", "rv": "Remove-Variable",
	"gsv": "Get-Service", "sasv": "Start-Service", "spsv": "Stop-Service", "gwmi": "Get-WmiObject", "gcim": "Get-CimInstance", "rcim": "Remove-CimInstance", "icim": "Invoke-CimMethod", "rwmi": "Remove-WmiObject", "iwmi": "Invoke-WmiMethod", "sls": "Select-String", "oh": "Out-Host", "ogv": "Out-GridView", "rvpa": "Resolve-Path", "gtz": "Get-TimeZone", "gin": "Get-ComputerInfo",
}

// psLiteral works out texts that are put together of literals: 'Remove'+'-Item', "{1}{0}" -f 'Item','Remove-'.
func psLiteral(text string) string {
	text = psSums.ReplaceAllString(text, "")
	text = psJoin.ReplaceAllStringFunc(text, func(s string) string {
		m := psJoin.FindStringSubmatch(s)
		return "'" + strings.Join(psItems(m[1]), "") + "'"
	})
	return psFormat.ReplaceAllStringFunc(text, func(s string) string {
		m := psFormat.FindStringSubmatch(s)
		out := m[2]
		for i, item := range psItems(m[3]) {
			out = strings.ReplaceAll(out, "{"+itoa(i)+"}", item)
		}
		return "'" + out + "'"
	})
}

// psItems are the literals of a list.
func psItems(list string) []string {
	var out []string
	for _, l := range stringLiterals(list) {
		out = append(out, l.text)
	}
	return out
}

// psUnquoted is a text without what stands in single quotes.
func psUnquoted(text string) string {
	var b strings.Builder
	for i, part := range strings.Split(text, "'") {
		if i%2 == 0 {
			b.WriteString(part)
		}
	}
	return b.String()
}

// psStatements splits PowerShell at separators outside of strings.
func psStatements(text string) []string {
	var out []string
	var b strings.Builder
	quote := rune(0)
	cut := func() {
		if s := strings.TrimSpace(b.String()); s != "" && s != "&" && s != "." {
			out = append(out, s)
			b.Reset()
		}
	}
	for _, r := range text {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
			b.WriteRune(r)
		case r == '\'' || r == '"':
			quote = r
			b.WriteRune(r)
		case r == ')' && strings.HasPrefix(strings.TrimSpace(b.String()), "&"): // & ('name') arguments
			b.WriteRune(' ')
		case r == '(' && psEvaluates(b.String()): // iex ('text')
			b.WriteRune(' ')
		case strings.ContainsRune(";|\n{}()", r) || r == '&' && strings.HasSuffix(b.String(), "&"):
			cut()
		default:
			b.WriteRune(r)
		}
	}
	cut()
	return out
}

// splitWords are the words of a text, one rune after the other.
type splitWords struct {
	out  []arg
	word strings.Builder
	open bool // it was quoted, so that it is a word also if it is empty
}

func (w *splitWords) end() {
	if w.word.Len() > 0 || w.open {
		w.out = append(w.out, word(w.word.String()))
	}
	w.word.Reset()
	w.open = false
}

func (w *splitWords) all() []arg {
	w.end()
	return w.out
}

// psWords splits a statement into words; a backquote escapes, and is often there only to hide a word.
func psWords(s string) []arg {
	var w splitWords
	quote := rune(0)
	for _, r := range s {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
				continue
			}
			w.word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, w.open = r, true
		case r == '`':
		case r == ' ' || r == '\t' || r == '\r' || r == '\n':
			w.end()
		default:
			w.word.WriteRune(r)
		}
	}
	return w.all()
}

// psEvaluates reports whether a statement so far is Invoke-Expression without its text.
func psEvaluates(s string) bool {
	s = strings.ToLower(strings.TrimSpace(s))
	return s == "iex" || s == "invoke-expression" || strings.HasPrefix("invoke-expression -command", s) && len(s) > 17
}
