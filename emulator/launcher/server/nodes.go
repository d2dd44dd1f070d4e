package server

import (
	"context"
	"slices"
	"time"

	"k3s-board/emulator/launcher/cluster"
	"k3s-board/emulator/launcher/journal"
	"k3s-board/emulator/launcher/node"
)

const (
	nodeHostsPath = "/api/v1/namespaces/kube-system/configmaps/coredns"
	// eager is how often nodes are read until our own has its network, steady how often afterwards.
	eager  = 500 * time.Millisecond
	steady = 10 * time.Second
)

// keepNodes labels our own node, writes its pod network, routes to the others, and keeps CoreDNS's NodeHosts, until the context ends.
func (p *preparation) keepNodes(ctx context.Context) {
	routed := map[string]bool{}
	members := map[string]string{}
	pause := eager
	hosts := ""
	for {
		nodes, err := node.List(ctx, p.client)
		if err != nil {
			journal.Debug("Failed to list nodes: %v", err)
		} else {
			if node.Connect(p.settings, nodes, routed) && p.markOwn(ctx, nodes) {
				pause = steady
			}
			p.keepMembers(ctx, nodes, members)
			if err := p.writeNodeHosts(ctx, node.Hosts(nodes), &hosts); err != nil {
				journal.Debug("Failed to write NodeHosts: %v", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

func (p *preparation) markOwn(ctx context.Context, nodes []node.Info) bool {
	labels, annotations := node.Marks(p.settings, true)
	for _, candidate := range nodes {
		if candidate.Metadata.Name != p.settings.NodeName {
			continue
		}
		err := node.Mark(ctx, p.client, candidate, labels, annotations)
		if err == nil {
			err = p.markMember(ctx, candidate)
		}
		if err != nil {
			journal.Warn("Failed to label node %s, will retry: %v", p.settings.NodeName, err)
			return false
		}
		return true
	}
	return false
}

// writeNodeHosts puts the nodes into CoreDNS's ConfigMap once that exists. With CoreDNS disabled it is left alone, as k3s leaves it.
func (p *preparation) writeNodeHosts(ctx context.Context, hosts string, written *string) error {
	if hosts == "" || slices.Contains(p.settings.Disable, "coredns") {
		return nil
	}
	var found struct {
		Data map[string]string `json:"data"`
	}
	err := p.client.Get(ctx, nodeHostsPath, &found)
	if cluster.IsNotFound(err) || (err == nil && found.Data["NodeHosts"] == hosts) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := p.client.Merge(ctx, nodeHostsPath, map[string]any{"data": map[string]string{"NodeHosts": hosts}}); err != nil {
		return err
	}
	if *written != hosts {
		journal.Info("Updated coredns node hosts entry")
		*written = hosts
	}
	return nil
}
