// Command k3s starts the parts of a Kubernetes cluster the way k3s lays them out, for emulated boards where no release of k3s is to be
// had. It is not k3s: see README.md beside it for what it is and is not.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"k3s-board/emulator/launcher/agent"
	"k3s-board/emulator/launcher/checkconfig"
	"k3s-board/emulator/launcher/flags"
	"k3s-board/emulator/launcher/journal"
	"k3s-board/emulator/launcher/notify"
	"k3s-board/emulator/launcher/payload"
	"k3s-board/emulator/launcher/pki"
	"k3s-board/emulator/launcher/server"
	"k3s-board/emulator/launcher/settings"
)

// version is the k3s that this launcher stands in for, such as v1.36.3+k3s1; set at link time.
var version = "unknown"

const usage = `NAME:
   k3s - Kubernetes, small and simple (launcher of an emulated board)

USAGE:
   k3s [global options] command [command options]

COMMANDS:
   server         Run management server
   agent          Run node agent
   kubectl        Run kubectl
   crictl         Run crictl
   ctr            Run ctr
   check-config   Run config check
   token          Manage tokens: rotate
   certificate    Manage certificates: rotate
   etcd-snapshot  Manage etcd snapshots: save, ls
   help, h        Shows a list of commands or help for one command

GLOBAL OPTIONS:
   --help, -h     show help
   --version, -v  print the version
`

func main() {
	args := os.Args[1:]
	command := filepath.Base(os.Args[0])
	if command != "kubectl" && command != "crictl" && command != "ctr" {
		if len(args) == 0 {
			fmt.Print(usage)
			return
		}
		command, args = args[0], args[1:]
	}
	switch command {
	case "--version", "-v", "-version":
		fmt.Printf("k3s version %s (launcher)\ngo version %s\n", version, runtime.Version())
	case "--help", "-h", "help", "h":
		fmt.Print(usage)
	case "server", "agent":
		run(flags.Role(command), args)
	case "kubectl", "crictl", "ctr":
		passOn(command, args)
	case "token":
		rotateToken(args)
	case "certificate":
		rotateCertificates(args)
	case "etcd-snapshot":
		etcdSnapshot(args)
	case "check-config":
		if checkconfig.Run(os.Stdout) > 0 {
			os.Exit(1)
		}
	default:
		fmt.Fprintf(os.Stderr, "No help topic for '%s': this launcher knows server, agent, kubectl, crictl, ctr, check-config, token, certificate and etcd-snapshot\n", command)
		os.Exit(3)
	}
}

// run is the life of a server or an agent. It ends the process with status 1 and the reason when something cannot go on.
func run(role flags.Role, args []string) {
	loaded, err := flags.Load(role, args)
	if errors.Is(err, flags.ErrHelp) {
		flags.WriteHelp(os.Stdout, role)
		return
	}
	if err != nil {
		fmt.Fprintf(os.Stdout, "Incorrect Usage: %v\n\n", err)
		journal.Fatal("Error: %v", err)
	}
	resolved, err := settings.Resolve(role, loaded, settings.ThisHost{})
	if err != nil {
		journal.Fatal("%v", err)
	}
	journal.SetDebug(resolved.Debug)
	if resolved.LogFile != "" {
		logTo(resolved.LogFile, loaded.Values.Bool("alsologtostderr"))
	}
	for _, warning := range loaded.Warnings {
		journal.Warn("%s", warning)
	}
	journal.Info("Starting k3s %s (launcher: upstream parts laid out as k3s does, not k3s itself)", version)
	if os.Geteuid() != 0 {
		journal.Fatal("must run as root")
	}
	socket := notify.Socket()
	bin, err := payload.Ensure(resolved.DataDir)
	if err != nil {
		journal.Fatal("%v", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if role == flags.Server {
		err = server.Run(ctx, resolved, bin, socket)
	} else {
		err = agent.Run(ctx, resolved, bin, socket)
	}
	if err != nil {
		journal.Fatal("%v", err)
	}
}

// rotateToken is `k3s token rotate`.
func rotateToken(args []string) {
	if len(args) == 0 || args[0] != "rotate" {
		fmt.Fprintln(os.Stderr, "k3s token: this launcher knows rotate")
		os.Exit(3)
	}
	set := flag.NewFlagSet("rotate", flag.ExitOnError)
	token := set.String("token", os.Getenv("K3S_TOKEN"), "Existing token used to join a server or agent to a cluster")
	set.StringVar(token, "t", *token, "short form of --token")
	url := set.String("server", "https://127.0.0.1:6443", "(cluster) Server to connect to")
	newToken := set.String("new-token", "", "New token that replaces existing token")
	dataDir := set.String("data-dir", flags.NewValues(flags.Server).String("data-dir"), "(data) Folder to hold state")
	_ = set.Parse(args[1:])
	if err := server.Rotate(context.Background(), *dataDir, *url, *token, *newToken); err != nil {
		journal.Fatal("%v", err)
	}
	fmt.Println("Token rotated, restart k3s nodes with new token")
}

// rotateCertificates is `k3s certificate rotate`.
func rotateCertificates(args []string) {
	if len(args) == 0 || args[0] != "rotate" {
		fmt.Fprintln(os.Stderr, "k3s certificate: this launcher knows rotate")
		os.Exit(3)
	}
	set := flag.NewFlagSet("rotate", flag.ExitOnError)
	dataDir := set.String("data-dir", flags.NewValues(flags.Server).String("data-dir"), "(data) Folder to hold state")
	set.StringVar(dataDir, "d", *dataDir, "short form of --data-dir")
	_ = set.Parse(args[1:])
	backup, err := pki.Rotate(*dataDir, time.Now())
	if err != nil {
		journal.Fatal("%v", err)
	}
	journal.Info("Successfully backed up certificates to %s, please restart k3s server or agent to rotate certificates", backup)
}

func logTo(path string, andStandardError bool) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		journal.Fatal("--log: %v", err)
	}
	if andStandardError {
		journal.SetOutput(io.MultiWriter(os.Stderr, file))
		return
	}
	journal.SetOutput(file)
}

// passOn becomes kubectl, crictl or ctr, told where this cluster and its containerd are.
func passOn(program string, args []string) {
	dataDir := flags.NewValues(flags.Agent).String("data-dir")
	if set := os.Getenv("K3S_DATA_DIR"); set != "" {
		dataDir = set
	}
	bin, err := payload.Ensure(dataDir)
	if err != nil {
		journal.Fatal("%v", err)
	}
	env := os.Environ()
	unlessSet := func(name, value string) {
		if os.Getenv(name) == "" {
			env = append(env, name+"="+value)
		}
	}
	switch program {
	case "kubectl":
		if !hasFlag(args, "--kubeconfig") {
			unlessSet("KUBECONFIG", flags.NewValues(flags.Server).String("write-kubeconfig"))
		}
	case "crictl":
		unlessSet("CONTAINER_RUNTIME_ENDPOINT", "unix:///run/k3s/containerd/containerd.sock")
	case "ctr":
		unlessSet("CONTAINERD_ADDRESS", "/run/k3s/containerd/containerd.sock")
		unlessSet("CONTAINERD_NAMESPACE", "k8s.io")
	}
	path := filepath.Join(bin, program)
	if err := syscall.Exec(path, append([]string{program}, args...), env); err != nil {
		journal.Fatal("cannot run %s: %v", path, err)
	}
}

func hasFlag(args []string, name string) bool {
	for _, arg := range args {
		if arg == name || strings.HasPrefix(arg, name+"=") {
			return true
		}
	}
	return false
}
