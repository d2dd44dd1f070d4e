// Package agent runs a k3s agent: a node that joins the cluster of another machine.
package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k3s-board/emulator/launcher/cluster"
	"k3s-board/emulator/launcher/files"
	"k3s-board/emulator/launcher/joining"
	"k3s-board/emulator/launcher/journal"
	"k3s-board/emulator/launcher/node"
	"k3s-board/emulator/launcher/notify"
	"k3s-board/emulator/launcher/settings"
	"k3s-board/emulator/launcher/supervise"
)

const (
	stopPatience       = 5 * time.Second
	containerdPatience = 5 * time.Minute
	eager, steady      = time.Second, 10 * time.Second
)

// Run joins the cluster and runs the node until the context ends (nil) or a program of it does (the reason). While the server cannot be
// reached it keeps trying, as k3s's agent does.
func Run(ctx context.Context, s *settings.Settings, bin, notifySocket string) error {
	if s.ServerURL == "" {
		return errors.New("--server is required")
	}
	if s.Token == "" {
		return errors.New("--token is required")
	}
	if err := node.RequireCommands(); err != nil {
		return err
	}
	if err := files.EnsureDirectory(s.Path("agent", "containerd"), 0o700); err != nil {
		return err
	}
	if err := files.EnsureDirectory(s.Path("agent", "pod-manifests"), 0o700); err != nil {
		return err
	}
	if err := node.LinkCNI(s, bin); err != nil {
		return err
	}
	var identity node.Identity
	err := joining.Repeatedly(ctx, "join "+s.ServerURL, func() error {
		var err error
		identity, err = join(ctx, s)
		return err
	})
	if err != nil {
		return err
	}
	// the sandbox's image has the name that the server gives it
	rewritings, err := node.WriteContainerd(s)
	if err != nil {
		return err
	}
	if err := node.WriteKubelet(s, identity); err != nil {
		return err
	}
	if err := node.WriteProxy(s, identity); err != nil {
		return err
	}
	node.PrepareHost()
	stopRewriting, err := node.ServeRewriting(rewritings)
	if err != nil {
		return err
	}
	defer stopRewriting()

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	group := supervise.NewGroup()
	defer group.Stop(stopPatience)
	if err := group.Start(node.Containerd(s, bin)); err != nil {
		return err
	}
	go func() {
		if err := runNode(ctx, s, bin, identity, group, notifySocket); err != nil {
			cancel(err)
		}
	}()
	select {
	case <-ctx.Done():
		if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
			return cause
		}
		return nil
	case exit := <-group.Exits():
		return fmt.Errorf("%s exited: %s", exit.Name, exit.Reason)
	}
}

func runNode(ctx context.Context, s *settings.Settings, bin string, identity node.Identity, group *supervise.Group, notifySocket string) error {
	importer := node.NewImporter(s, bin)
	if err := importer.WaitReady(ctx, containerdPatience); err != nil {
		return err
	}
	importer.ImportAll(ctx)
	for _, program := range []supervise.Program{node.Kubelet(s, bin), node.Proxy(s, bin, identity)} {
		if err := group.Start(program); err != nil {
			return err
		}
	}
	if err := node.Masquerade(identity.ClusterCIDR); err != nil {
		journal.Error("Pods will not reach what is outside the cluster: %v", err)
	}
	// The proxy's identity may list nodes, the kubelet's may change its own.
	reader, err := cluster.New(identity.ServerURL, node.AgentFile(s, "server-ca.crt"), node.AgentFile(s, "client-kube-proxy"))
	if err != nil {
		return err
	}
	writer, err := cluster.New(identity.ServerURL, node.AgentFile(s, "server-ca.crt"), node.AgentFile(s, "client-kubelet"))
	if err != nil {
		return err
	}
	if err := notify.Send(notifySocket, "READY=1\n"); err != nil {
		journal.Warn("systemd was not told that k3s is ready: %v", err)
	}
	journal.Info("k3s agent is up and running")
	go importer.Watch(ctx)
	keepNode(ctx, s, reader, writer)
	return nil
}

// keepNode annotates our own node, writes its pod network and routes to the others, until the context ends.
func keepNode(ctx context.Context, s *settings.Settings, reader, writer *cluster.Client) {
	routed := map[string]bool{}
	labels, annotations := node.Marks(s, false)
	pause := eager
	for {
		nodes, err := node.List(ctx, reader)
		if err != nil {
			journal.Debug("Failed to list nodes: %v", err)
		} else if node.Connect(s, nodes, routed) {
			pause = steady
			for _, candidate := range nodes {
				if candidate.Metadata.Name != s.NodeName {
					continue
				}
				if err := node.Mark(ctx, writer, candidate, labels, annotations); err != nil {
					journal.Debug("Failed to annotate node %s: %v", s.NodeName, err)
				}
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}
