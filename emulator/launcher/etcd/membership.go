package etcd

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// InitialCluster names members as etcd's flag --initial-cluster wants it. A member that has not started goes by the name that it will have.
func InitialCluster(members []Member, newcomer, peerURL string) string {
	var parts []string
	for _, member := range members {
		name := member.Name
		if slices.Contains(member.PeerURLs, peerURL) {
			name = newcomer
		}
		for _, url := range member.PeerURLs {
			parts = append(parts, name+"="+url)
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, ",")
}

// Admit makes a newcomer a learner, and returns all members. It may be asked again after an interruption: what was admitted and never started is
// taken as it is. One that had started has lost its data when it asks, and is a new member at the old address.
func Admit(ctx context.Context, client *Client, peerURL string) ([]Member, error) {
	members, err := client.Members(ctx)
	if err != nil {
		return nil, err
	}
	if known := at(members, peerURL); known != nil {
		if known.Name == "" {
			return members, nil
		}
		if err := client.Remove(ctx, known.ID); err != nil {
			return nil, err
		}
	}
	return client.AddLearner(ctx, peerURL)
}

// PromoteAt gives the member at an address its vote. Nothing happens where it has one.
func PromoteAt(ctx context.Context, client *Client, peerURL string) error {
	members, err := client.Members(ctx)
	if err != nil {
		return err
	}
	member := at(members, peerURL)
	if member == nil {
		return fmt.Errorf("etcd has no member at %s", peerURL)
	}
	if !member.IsLearner {
		return nil
	}
	return client.Promote(ctx, member.ID)
}

// RemoveNamed takes the member of a name out. Succeeds where it has gone already.
func RemoveNamed(ctx context.Context, client *Client, name string) error {
	members, err := client.Members(ctx)
	if err != nil {
		return err
	}
	for _, member := range members {
		if member.Name == name {
			return client.Remove(ctx, member.ID)
		}
	}
	return nil
}

// MoveTo gives the member of a name its address: a datastore of one server had none that others could reach.
func MoveTo(ctx context.Context, client *Client, name, peerURL string) error {
	members, err := client.Members(ctx)
	if err != nil {
		return err
	}
	for _, member := range members {
		if member.Name == name && !slices.Contains(member.PeerURLs, peerURL) {
			return client.Update(ctx, member.ID, peerURL)
		}
	}
	return nil
}

func at(members []Member, peerURL string) *Member {
	for index := range members {
		if slices.Contains(members[index].PeerURLs, peerURL) {
			return &members[index]
		}
	}
	return nil
}
