package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"k3s-board/emulator/launcher/flags"
	"k3s-board/emulator/launcher/journal"
	"k3s-board/emulator/launcher/server"
)

// snapshotOptions are the flags of `k3s etcd-snapshot` that matter here.
type snapshotOptions struct {
	name, node string
	snapshots  server.Snapshots
}

// etcdSnapshot is `k3s etcd-snapshot`.
func etcdSnapshot(args []string) {
	command := ""
	if len(args) > 0 {
		command, args = args[0], args[1:]
	}
	switch command {
	case "save", "ls", "list", "l":
	default:
		fmt.Fprintln(os.Stderr, "k3s etcd-snapshot: this launcher knows save and ls")
		os.Exit(3)
	}
	set := flag.NewFlagSet("k3s etcd-snapshot "+command, flag.ExitOnError)
	options, err := parseSnapshot(set, args)
	if err == nil && command == "save" {
		err = saveSnapshot(options)
	} else if err == nil {
		err = listSnapshots(os.Stdout, options.snapshots)
	}
	if err != nil {
		journal.Fatal("%v", err)
	}
}

func saveSnapshot(options snapshotOptions) error {
	ctx, cancel := context.WithTimeout(context.Background(), server.SnapshotTimeout)
	defer cancel()
	path, err := options.snapshots.Save(ctx, server.LocalEtcd(), options.name, options.node, time.Now())
	if err != nil {
		return fmt.Errorf("failed to save etcd snapshot: %w", err)
	}
	journal.Info("Snapshot %s saved.", path)
	return nil
}

func listSnapshots(to io.Writer, snapshots server.Snapshots) error {
	found, err := snapshots.List()
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(to, 0, 0, 1, ' ', 0)
	fmt.Fprint(table, "Name\tLocation\tSize\tCreated\n")
	for _, one := range found {
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\n", one.Name, one.Location, one.Size, one.Created.Format(time.RFC3339))
	}
	return table.Flush()
}

// parseSnapshot reads flags as k3s does: those of the configuration files that this command knows come first.
func parseSnapshot(set *flag.FlagSet, args []string) (snapshotOptions, error) {
	values, err := configured(args)
	if err != nil {
		return snapshotOptions{}, err
	}
	options := snapshotOptions{node: values.String("node-name")}
	if options.node == "" {
		if options.node, err = os.Hostname(); err != nil {
			return options, err
		}
		options.node = strings.ToLower(options.node)
	}
	text := func(to *string, value, usage string, names ...string) {
		for _, name := range names {
			set.StringVar(to, name, value, usage)
		}
	}
	var ignored string
	text(&ignored, "", "(config) Load configuration from FILE", "config", "c")
	text(&options.snapshots.DataDir, values.String("data-dir"), "(data) Folder to hold state", "data-dir", "d")
	text(&options.snapshots.Directory, values.String("etcd-snapshot-dir"), "(db) Directory to save etcd on-demand snapshot", "dir", "etcd-snapshot-dir")
	text(&options.name, "on-demand", "(db) Set the base name of the etcd on-demand snapshot, appended with UNIX timestamp", "name")
	text(&options.node, options.node, "(agent/node) Node name", "node-name")
	text(&ignored, "", "(cluster) Accepted: the etcd of this board is asked itself", "etcd-server", "s")
	text(&ignored, "", "(cluster) Accepted: who may open the socket of etcd needs none", "etcd-token", "t")
	set.SetOutput(os.Stdout)
	set.Usage = func() {
		fmt.Fprintf(set.Output(), "NAME:\n   %s\n\nOPTIONS:\n", set.Name())
		set.VisitAll(func(one *flag.Flag) {
			fmt.Fprintf(set.Output(), "   %s%s value  %s\n", dashes(one.Name), one.Name, one.Usage)
		})
	}
	if err := set.Parse(args); err != nil {
		return options, err
	}
	if set.NArg() > 0 {
		return options, fmt.Errorf("this command does not take any arguments: %q", set.Arg(0))
	}
	return options, nil
}

// configured is what configuration files and environment say.
func configured(args []string) (*flags.Values, error) {
	file := flags.NewValues(flags.Server)
	if err := file.FillFromEnvironment(os.LookupEnv); err != nil {
		return nil, err
	}
	path, isGiven := file.String("config"), file.IsSet("config")
	for index, arg := range args {
		name, value, hasValue := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if !strings.HasPrefix(arg, "-") || (name != "config" && name != "c") {
			continue
		}
		if !hasValue && index+1 < len(args) {
			value = args[index+1]
		}
		path, isGiven = value, true
	}
	read, _, err := flags.ReadConfig(path, flags.Server, isGiven)
	if err != nil {
		return nil, err
	}
	values := flags.NewValues(flags.Server)
	if _, err := values.Parse(read); err != nil {
		return nil, err
	}
	return values, values.FillFromEnvironment(os.LookupEnv)
}

func dashes(name string) string {
	if len(name) == 1 {
		return "-"
	}
	return "--"
}
