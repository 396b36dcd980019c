package main

import (
	"fmt"
	"io"
	"os"
	"runtime/pprof"
)

// profile writes where the processor time of the program goes to the file that
// TASKS_CPU_PROFILE names, if it is set, until the returned function is called.
// A profile that cannot be written is told of, and keeps nothing from being done.
func profile(stderr io.Writer) (stop func()) {
	path := os.Getenv("TASKS_CPU_PROFILE")
	if path == "" {
		return func() {}
	}
	file, err := os.Create(path)
	if err == nil {
		err = pprof.StartCPUProfile(file)
	}
	if err != nil {
		fmt.Fprintf(stderr, "tasks: no profile: %v\n", err)
		return func() {}
	}
	return func() {
		pprof.StopCPUProfile()
		if err := file.Close(); err != nil {
			fmt.Fprintf(stderr, "tasks: profile not whole: %v\n", err)
		}
	}
}
