package main

import (
	"github.com/spf13/cobra"

	"tasks/spec"
)

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of specs, by which editors complete, explain and check keys",
		Long: `Print the JSON Schema of specs, by which editors complete, explain and check keys.

  tasks schema > tasks.schema.json

An editor that uses the YAML language server takes it for a spec that begins with

  # yaml-language-server: $schema=tasks.schema.json

What a schema cannot see, such as a misspelt name in an expression, is found by
tasks validate.`,
		GroupID: groupHelp,
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := a.out.Write(spec.Schema())
			return err
		},
	}
}
