//go:build !unix

package devnet

import "os"

// claim does nothing: here a killed devnet leaves its workspace behind.
func claim(string) (*os.File, error) { return nil, nil }

func inherit(string) (*os.File, bool) { return nil, false }
