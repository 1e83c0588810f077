// Command loadline shows what a Docker build will upload before it is built, and keeps pull requests from making it
// heavier.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], streams{
		in: os.Stdin, out: os.Stdout, err: os.Stderr, getenv: os.Getenv,
	})
	stop()
	os.Exit(code)
}
