package files

import (
	"context"
	"errors"
	"io/fs"
	"syscall"
)

// Error is why something could not be done to a file.
type Error struct {
	// Op is what was being done: "open", "rename", …
	Op string
	// Path is the file, exact.
	Path string
	// Code is one of the contract's.
	Code string
	// Message keeps the system's or the server's own words.
	Message string
	// Hint says what to do next.
	Hint string
	Err  error
}

func (e *Error) Error() string {
	text := e.Op
	if e.Path != "" {
		text += " " + Escape(e.Path)
	}
	if e.Message != "" {
		return text + ": " + e.Message
	}
	return text + ": " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// ErrorCode is the contract's code.
func (e *Error) ErrorCode() string { return e.Code }

// ErrorHint says what to do next.
func (e *Error) ErrorHint() string { return e.Hint }

// Code is the contract's code of an error of this package, "" for others and for nil.
func Code(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// hints by code, where an operation knows no better one.
var hints = map[string]string{
	"not_found":         "check the path: it is taken exactly as given (file_list shows a directory)",
	"already_exists":    "choose another name, or allow overwriting",
	"permission_denied": "the account may not do this; file_stat shows owner and mode",
	"limit_reached":     "make room, or lower what is asked for",
	"invalid_argument":  "file_stat shows what is there",
	"too_large":         "ask for a part of it",
	"unsupported":       "this file system cannot do it",
	"internal":          "the system's own words are all there is; file_stat shows what is there",
	"connection_lost":   "call again: what is at the destination is the old file or the new one, never a part",
}

// fail makes an [*Error] of whatever went wrong; nil stays nil, and the end of ctx its cause.
func fail(ctx context.Context, op, path string, err error) error {
	if err == nil {
		return nil
	}
	var known *Error
	if errors.As(err, &known) {
		if path != "" && bounds(known) {
			c := *known
			c.Path, c.Err = path, known
			return &c
		}
		return err
	}
	if ctx != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	code, words := classify(err)
	hint := hints[code]
	var advice interface{ ErrorHint() string }
	if hint == "" && errors.As(err, &advice) {
		hint = advice.ErrorHint() // of connecting, say
	}
	return &Error{Op: op, Path: path, Code: code, Message: words, Hint: hint, Err: err}
}

func failf(op, path, code, message string) error {
	return &Error{Op: op, Path: path, Code: code, Message: message, Hint: hints[code]}
}

// classify finds the contract's code of a system error, and its words.
func classify(err error) (code, words string) {
	var coded interface{ ErrorCode() string }
	if errors.As(err, &coded) {
		return coded.ErrorCode(), err.Error()
	}
	var number syscall.Errno
	if !errors.As(err, &number) {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return "not_found", err.Error()
		case errors.Is(err, fs.ErrExist):
			return "already_exists", err.Error()
		case errors.Is(err, fs.ErrPermission):
			return "permission_denied", err.Error()
		}
		return "internal", err.Error()
	}
	switch number {
	case syscall.ENOENT:
		code = "not_found"
	case syscall.EEXIST:
		code = "already_exists"
	case syscall.EACCES, syscall.EPERM, syscall.EROFS:
		code = "permission_denied"
	case syscall.ENOSPC, syscall.EDQUOT, syscall.EMFILE, syscall.ENFILE:
		code = "limit_reached"
	case syscall.EFBIG:
		code = "too_large"
	case syscall.ENOTDIR, syscall.EISDIR, syscall.ENOTEMPTY, syscall.ELOOP, syscall.ENAMETOOLONG, syscall.EINVAL, syscall.ENXIO, syscall.EBUSY, syscall.ETXTBSY:
		code = "invalid_argument"
	case syscall.EAGAIN:
		return "invalid_argument", "nothing is there to read now: it is a stream that has its readers wait, not a file"
	case syscall.ENOTSUP, syscall.ENOSYS, syscall.EXDEV, syscall.EMLINK:
		code = "unsupported"
	default:
		code = "internal"
	}
	return code, number.Error()
}
