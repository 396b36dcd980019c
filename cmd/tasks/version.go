package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the linker for a release; otherwise the build says.
var version = ""

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		GroupID: groupHelp,
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			v := versionText()
			if a.json() {
				return a.printJSON(struct {
					Version string `json:"version"`
					Go      string `json:"go"`
				}{v, runtime.Version()})
			}
			_, err := fmt.Fprintf(a.out, "tasks %s, %s %s/%s\n", v, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}

// versionText is the version as the release, the module or the commit names it.
func versionText() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && info.Main.Version == "(devel)" {
			return "devel " + short(s.Value)
		}
	}
	return info.Main.Version
}
