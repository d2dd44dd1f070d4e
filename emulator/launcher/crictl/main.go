// Command crictl speaks to the board's containerd: the commands about images of the real crictl and its lists of pods and containers. The real
// one's sources are not to be had as a Go module that builds. Words, flags and output are the real one's.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// defaultEndpoint is where k3s's containerd listens.
const defaultEndpoint = "unix:///run/k3s/containerd/containerd.sock"

// maxMessage bounds an answer, as in kubelet and crictl: a list of many images is longer than gRPC's own 4 MiB.
const maxMessage = 16 << 20

const usage = `USAGE:
   crictl [--runtime-endpoint unix://SOCKET] [--timeout DURATION] command

COMMANDS:
   pull IMAGE             Pull an image from a registry
   images [-o json]       List images
   inspecti IMAGE         Return the status of an image
   rmi IMAGE...           Remove images
   pods [-o json]         List pods
   ps [-a] [-o json]      List containers, with -a those that do not run too
`

// errUsage says that the command line is wrong; what is right has been printed.
var errUsage = errors.New("incorrect usage")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, errUsage) {
			fmt.Fprintf(os.Stderr, "FATA %v\n", err)
		}
		os.Exit(1)
	}
}

// run carries out one command line.
func run(ctx context.Context, args []string, output, problems io.Writer) error {
	flags := flag.NewFlagSet("crictl", flag.ContinueOnError)
	flags.SetOutput(problems)
	flags.Usage = func() { fmt.Fprint(problems, usage) }
	endpoint := os.Getenv("CONTAINER_RUNTIME_ENDPOINT")
	if endpoint == "" {
		endpoint = defaultEndpoint
	}
	flags.StringVar(&endpoint, "runtime-endpoint", endpoint, "socket of the container runtime")
	flags.StringVar(&endpoint, "r", endpoint, "socket of the container runtime")
	timeout := flags.Duration("timeout", 0, "how long an answer is waited for; 0: as long as it takes")
	flags.DurationVar(timeout, "t", 0, "how long an answer is waited for")
	if err := flags.Parse(args); err != nil || flags.NArg() == 0 {
		if err == nil {
			flags.Usage()
		}
		return errUsage
	}
	if !strings.Contains(endpoint, "://") {
		endpoint = "unix://" + endpoint
	}
	command, found := commands[flags.Arg(0)]
	if !found {
		return fmt.Errorf("no command %q; this crictl knows pull, images, inspecti, rmi, pods and ps", flags.Arg(0))
	}
	connection, err := grpc.NewClient(endpoint, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage)))
	if err != nil {
		return fmt.Errorf("%s: %w", endpoint, err)
	}
	defer connection.Close()
	if *timeout > 0 {
		limited, cancel := context.WithTimeout(ctx, *timeout)
		defer cancel()
		ctx = limited
	}
	runtime := services{images: cri.NewImageServiceClient(connection), runtime: cri.NewRuntimeServiceClient(connection)}
	return command(ctx, runtime, flags.Args()[1:], output)
}
