package server

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"k3s-board/emulator/launcher/etcd"
	"k3s-board/emulator/launcher/journal"
	"k3s-board/emulator/launcher/node"
)

const (
	bootstrapPath = "/v1-k3s/server-bootstrap"
	membersPath   = "/v1-k3s/etcd/members"
	promotePath   = "/v1-k3s/etcd/promote"
)

// What k3s writes on the nodes of servers, and what it reads there.
const (
	memberNode        = "etcd.k3s.cattle.io/node-name"
	memberAddress     = "etcd.k3s.cattle.io/node-address"
	removalAnnotation = "etcd.k3s.cattle.io/remove"
	removedAnnotation = "etcd.k3s.cattle.io/removed-node-name"
	etcdLabel         = "node-role.kubernetes.io/etcd"
)

// serveMembers adds what a further server asks for. All of it takes the server's token.
func (p *preparation) serveMembers(mux *http.ServeMux) {
	mux.HandleFunc("GET "+bootstrapPath, p.forServers(func(writer http.ResponseWriter, _ *http.Request) {
		contents, err := p.plane.pki.Bootstrap()
		if err != nil {
			http.Error(writer, err.Error(), http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(writer).Encode(contents)
	}))
	mux.HandleFunc("POST "+membersPath, p.forServers(func(writer http.ResponseWriter, request *http.Request) {
		p.answerNewcomer(writer, request, func(from newcomer) (string, error) {
			members, err := etcd.Admit(request.Context(), p.etcd, from.PeerURL)
			if err != nil {
				return "", err
			}
			journal.Info("etcd: %s at %s is admitted as a learner", from.Name, from.PeerURL)
			return etcd.InitialCluster(members, from.Name, from.PeerURL), nil
		})
	}))
	mux.HandleFunc("POST "+promotePath, p.forServers(func(writer http.ResponseWriter, request *http.Request) {
		p.answerNewcomer(writer, request, func(from newcomer) (string, error) {
			return "", etcd.PromoteAt(request.Context(), p.etcd, from.PeerURL)
		})
	}))
}

func (p *preparation) answerNewcomer(writer http.ResponseWriter, request *http.Request, answer func(newcomer) (string, error)) {
	var from newcomer
	err := json.NewDecoder(io.LimitReader(request.Body, requestLimit)).Decode(&from)
	if err != nil || from.Name == "" || from.PeerURL == "" {
		http.Error(writer, "name and peerURL are needed", http.StatusBadRequest)
		return
	}
	text, err := answer(from)
	if errors.Is(err, etcd.ErrNotReady) {
		http.Error(writer, err.Error(), http.StatusServiceUnavailable)
		return
	}
	if err != nil {
		http.Error(writer, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = io.WriteString(writer, text)
}

// forServers lets requests through that carry the server's token, from a launcher whose etcd can have further members.
func (p *preparation) forServers(next http.HandlerFunc) http.HandlerFunc {
	return p.authenticated(func(writer http.ResponseWriter, request *http.Request) {
		tokens := p.tokens.get()
		if _, secret, _ := request.BasicAuth(); !tokens.isServer(secret) {
			http.Error(writer, "only the server's token is good for this", http.StatusForbidden)
			return
		}
		if !p.membership.clustered() {
			http.Error(writer, "this server's etcd is alone: it takes no further servers without --cluster-init", http.StatusConflict)
			return
		}
		next(writer, request)
	})
}

// keepMembers does what k3s's controller of etcd members does: takes out those that are asked to go, and those whose node was deleted. members
// remembers the name of each node's member between looks.
func (p *preparation) keepMembers(ctx context.Context, nodes []node.Info, members map[string]string) {
	if !p.membership.clustered() {
		return
	}
	for name, member := range leftBehind(nodes, members) {
		journal.Info("Removing etcd member %s from cluster due to node delete", member)
		if err := etcd.RemoveNamed(ctx, p.etcd, member); err != nil {
			journal.Warn("Failed to remove etcd member %s, will retry: %v", member, err)
			continue
		}
		delete(members, name)
	}
	for _, one := range nodes {
		member, asked := one.Metadata.Annotations[memberNode], one.Metadata.Annotations[removalAnnotation]
		if member == "" || asked != "true" {
			if member != "" {
				members[one.Metadata.Name] = member
			}
			continue
		}
		journal.Info("Removing etcd member %s from cluster due to remove annotation", member)
		if err := etcd.RemoveNamed(ctx, p.etcd, member); err != nil {
			journal.Warn("Failed to remove etcd member %s, will retry: %v", member, err)
			continue
		}
		delete(members, one.Metadata.Name)
		done := map[string]any{removedAnnotation: member, memberNode: nil, memberAddress: nil}
		if err := p.client.Merge(ctx, "/api/v1/nodes/"+one.Metadata.Name, map[string]any{"metadata": map[string]any{"annotations": done}}); err != nil {
			journal.Warn("Failed to annotate node %s: %v", one.Metadata.Name, err)
		}
	}
}

// leftBehind are the members whose node is gone.
func leftBehind(nodes []node.Info, members map[string]string) map[string]string {
	left := map[string]string{}
	for name, member := range members {
		left[name] = member
	}
	for _, one := range nodes {
		delete(left, one.Metadata.Name)
	}
	return left
}

// markMember says on our own node that it has a member of etcd, and that it votes. A member that was taken out is not put on again.
func (p *preparation) markMember(ctx context.Context, own node.Info) error {
	if !p.membership.clustered() || own.Metadata.Annotations[removedAnnotation] == p.membership.Name {
		return nil
	}
	labels := map[string]string{etcdLabel: "true"}
	annotations := map[string]string{memberNode: p.membership.Name, memberAddress: p.settings.NodeIP.String()}
	if err := node.Mark(ctx, p.client, own, labels, annotations); err != nil {
		return err
	}
	if own.HasCondition("EtcdIsVoter", "True") {
		return nil
	}
	now := time.Now().UTC().Format(time.RFC3339)
	condition := map[string]string{
		"type": "EtcdIsVoter", "status": "True", "reason": "MemberNotLearner", "message": "Node is a voting member of the etcd cluster",
		"lastTransitionTime": now, "lastHeartbeatTime": now,
	}
	patch, err := json.Marshal(map[string]any{"status": map[string]any{"conditions": []any{condition}}})
	if err != nil {
		return err
	}
	path := "/api/v1/nodes/" + own.Metadata.Name + "/status"
	return p.client.Call(ctx, http.MethodPatch, path, "application/strategic-merge-patch+json", patch, nil)
}
