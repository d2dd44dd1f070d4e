package node

import (
	"context"
	"net/netip"
	"sort"
	"strings"

	"k3s-board/emulator/launcher/cluster"
	"k3s-board/emulator/launcher/journal"
	"k3s-board/emulator/launcher/settings"
)

const nodesPath = "/api/v1/nodes"

// Info is what the launcher reads of a node.
type Info struct {
	Metadata struct {
		Name        string            `json:"name"`
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
	} `json:"metadata"`
	Spec struct {
		PodCIDR string `json:"podCIDR"`
	} `json:"spec"`
	Status struct {
		Addresses []struct {
			Type    string `json:"type"`
			Address string `json:"address"`
		} `json:"addresses"`
		Conditions []struct {
			Type   string `json:"type"`
			Status string `json:"status"`
		} `json:"conditions"`
	} `json:"status"`
}

// List reads all nodes.
func List(ctx context.Context, client *cluster.Client) ([]Info, error) {
	var list struct {
		Items []Info `json:"items"`
	}
	err := client.Get(ctx, nodesPath, &list)
	return list.Items, err
}

// Address is the node's internal address, invalid while it has none.
func (i *Info) Address() netip.Addr {
	for _, address := range i.Status.Addresses {
		if parsed, err := netip.ParseAddr(address.Address); err == nil && address.Type == "InternalIP" {
			return parsed
		}
	}
	return netip.Addr{}
}

// HasCondition tells whether the node says this of itself.
func (i *Info) HasCondition(kind, status string) bool {
	for _, condition := range i.Status.Conditions {
		if condition.Type == kind {
			return condition.Status == status
		}
	}
	return false
}

// Hosts renders the nodes as lines of a hosts file, sorted by name.
func Hosts(nodes []Info) string {
	var lines []string
	for _, node := range nodes {
		if address := node.Address(); address.IsValid() {
			lines = append(lines, address.String()+" "+node.Metadata.Name)
		}
	}
	sort.Slice(lines, func(i, j int) bool { return strings.Fields(lines[i])[1] < strings.Fields(lines[j])[1] })
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

// Marks are the labels and annotations by which k3s's tools know a node and how it was started.
func Marks(s *settings.Settings, controlPlane bool) (labels, annotations map[string]string) {
	labels = map[string]string{}
	if controlPlane {
		labels["node-role.kubernetes.io/control-plane"] = "true"
	}
	annotations = map[string]string{
		"k3s.io/hostname": s.NodeName, "k3s.io/internal-ip": s.NodeIP.String(),
		"k3s.io/node-args": s.NodeArgs.Args, "k3s.io/node-env": s.NodeArgs.Env, "k3s.io/node-config-hash": s.NodeArgs.Hash,
		"k3s.io/launcher": "emulator",
	}
	return labels, annotations
}

// Mark gives a node labels and annotations that it lacks.
func Mark(ctx context.Context, client *cluster.Client, node Info, labels, annotations map[string]string) error {
	missing := map[string]any{}
	if absent := missingFrom(node.Metadata.Labels, labels); len(absent) > 0 {
		missing["labels"] = absent
	}
	if absent := missingFrom(node.Metadata.Annotations, annotations); len(absent) > 0 {
		missing["annotations"] = absent
	}
	if len(missing) == 0 {
		return nil
	}
	return client.Merge(ctx, nodesPath+"/"+node.Metadata.Name, map[string]any{"metadata": missing})
}

func missingFrom(present, wanted map[string]string) map[string]string {
	missing := map[string]string{}
	for key, value := range wanted {
		if present[key] != value {
			missing[key] = value
		}
	}
	return missing
}

// Connect writes the pod network of this node once its range is known, and routes to the pods of the others. It tells whether this node's
// network is in place.
func Connect(s *settings.Settings, nodes []Info, routed map[string]bool) bool {
	ready := false
	for _, node := range nodes {
		podCIDR, err := netip.ParsePrefix(node.Spec.PodCIDR)
		if err != nil {
			continue
		}
		if node.Metadata.Name == s.NodeName {
			if err := WriteNetwork(s, podCIDR); err != nil {
				journal.Error("Failed to write the pod network's configuration: %v", err)
				continue
			}
			ready = true
			continue
		}
		address := node.Address()
		route := podCIDR.String() + " " + address.String()
		if !address.IsValid() || routed[route] {
			continue
		}
		if err := Route(podCIDR, address); err != nil {
			journal.Error("Failed to route to the pods of node %s: %v", node.Metadata.Name, err)
			continue
		}
		routed[route] = true
	}
	return ready
}
