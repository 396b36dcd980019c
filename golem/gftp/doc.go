// Package gftp moves files between this computer and providers. The exe-unit of
// a provider copies from and to URLs such as gftp://0x…/<hash>; what answers
// there is a process beside the daemon, "gftp server", that is told over its
// standard input which files those are (protocol section 5.6).
//
// A Client starts such a process when it is first needed and counts who uses
// each URL. A Server is that process for a devnet.
//
// # Lifetimes
//
// Publications die with the process. A Client whose process died starts another
// for the next file; those that were published before are gone.
package gftp
