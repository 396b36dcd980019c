package main

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"tasks/golem"
	"tasks/golem/devnet"
	"tasks/golem/gftp"
)

func (a *app) gftpCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "gftp",
		Short: "Stand in for yagna's gftp program beside a devnet",
		Long: `gftp stands in for the program gftp, which comes with yagna, beside a devnet. tasks
itself needs neither for a devnet; clients of others that run "gftp server" do. Put a
script called gftp into PATH that runs: tasks gftp "$@"`,
		GroupID: groupHelp,
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "server",
		Short: "Answer JSON-RPC requests on standard input until it ends",
		Long: `server answers requests on standard input, one JSON text a line, on standard output:
version, publish, receive, upload, download, close and shutdown. The devnet is the one of
YAGNA_API_URL and YAGNA_APPKEY, or the one at the usual address, and has to run on this
computer.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.gftpServer(cmd.Context()) },
	})
	return cmd
}

// gftpServer serves until its input ends.
func (a *app) gftpServer(ctx context.Context) error {
	url := cmp.Or(os.Getenv("YAGNA_API_URL"), golem.DefaultBaseURL)
	key := cmp.Or(os.Getenv("YAGNA_APPKEY"), devnet.DefaultAppKey)
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	server := &gftp.Server{Devnet: gftp.Devnet{BaseURL: url, AppKey: key, HTTP: &http.Client{Transport: oneHost()}}}
	err := server.Serve(ctx, os.Stdin, os.Stdout)
	if errors.Is(err, syscall.EPIPE) {
		return nil // who asked is gone
	}
	return err
}

// oneHost is a transport for a single host, where every worker holds a
// connection in a long poll. Idle ones go before the daemon drops them, after
// 60 s (protocol section 1.4).
func oneHost() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 256
	t.IdleConnTimeout = 30 * time.Second
	return t
}
