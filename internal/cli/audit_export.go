package cli

import (
	"bufio"
	"os/signal"
	"syscall"

	"relay-shell/internal/audit"
)

type auditExportCmd struct {
	logFlags
	filterFlags
	Format string `default:"jsonl" enum:"jsonl,cef,leef,csv" help:"jsonl (the bytes of the log), cef, leef or csv."`
	Until  string `help:"Leave out what is as new or newer: RFC 3339 time or an age." placeholder:"TIME"`
	All    bool   `help:"With what the log says about itself: segments, damage, lost records."`
}

func (c *auditExportCmd) Run(s *session) error {
	ctx, stop := signal.NotifyContext(s.ctx, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	filter, err := c.filter()
	if err != nil {
		return err
	}
	until, err := when("until", c.Until)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(s.world.Stdout, 64<<10)
	_, err = audit.Export(ctx, out, audit.ExportOptions{Path: c.path(s), Format: c.Format, Filter: filter, Until: until, Housekeeping: c.All})
	if ferr := out.Flush(); err == nil {
		err = ferr
	}
	return err
}
