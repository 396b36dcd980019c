package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"tasks/runner/store"
)

func (a *app) installCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "install",
		Short:   "Create the database, or bring it up to date; apply does so by itself",
		GroupID: groupHelp,
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.install(cmd.Context()) },
	}
}

func (a *app) install(ctx context.Context) error {
	st, err := store.Open(ctx, a.dsn)
	if err != nil {
		return err
	}
	if err := st.Close(); err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	path, err := filepath.Abs(a.dsn)
	if err != nil {
		return err
	}
	if a.json() {
		return a.printJSON(struct {
			DSN string `json:"dsn"`
		}{path})
	}
	_, err = fmt.Fprintf(a.out, "the database is ready: %s\n", path)
	return err
}
