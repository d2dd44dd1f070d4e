package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"k3s-board/emulator/launcher/cluster"
	"k3s-board/emulator/launcher/deploy"
	"k3s-board/emulator/launcher/etcd"
	"k3s-board/emulator/launcher/files"
	"k3s-board/emulator/launcher/journal"
	"k3s-board/emulator/launcher/node"
	"k3s-board/emulator/launcher/notify"
	"k3s-board/emulator/launcher/pki"
	"k3s-board/emulator/launcher/registries"
	"k3s-board/emulator/launcher/settings"
	"k3s-board/emulator/launcher/supervise"
)

const (
	// stopPatience is how long programs may take to end; systemd waits 90 s for all.
	stopPatience = 5 * time.Second
	// containerdPatience bounds the wait for containerd; its first start on a slow board takes some ten seconds.
	containerdPatience = 5 * time.Minute
)

// Run runs the server until the context ends (nil) or a program of it does (the reason).
func Run(ctx context.Context, s *settings.Settings, bin, notifySocket string) error {
	prepared, err := prepare(ctx, s, bin)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stopServing, err := prepared.serveLocal()
	if err != nil {
		return err
	}
	defer stopServing()

	group := supervise.NewGroup()
	defer group.Stop(stopPatience)
	plane := prepared.plane
	for _, program := range []supervise.Program{plane.etcd(prepared.membership), node.Containerd(s, bin)} {
		if err := group.Start(program); err != nil {
			return err
		}
	}
	go prepared.runNode(ctx, group, cancel)
	go func() {
		// a member without a vote answers no API server
		err := prepared.awaitVote(ctx)
		if err == nil {
			err = group.Start(plane.apiServer())
		}
		if err != nil {
			cancel(err)
			return
		}
		prepared.runCluster(ctx, group, notifySocket, cancel)
	}()
	select {
	case <-ctx.Done():
		if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
			return cause
		}
		journal.Info("Stopping")
		return nil
	case exit := <-group.Exits():
		return fmt.Errorf("%s exited: %s", exit.Name, exit.Reason)
	}
}

// preparation is what is settled before the first program starts.
type preparation struct {
	settings   *settings.Settings
	bin        string
	plane      *controlPlane
	tokens     sharedTokens
	identity   node.Identity
	rewritings []registries.Rewriting
	client     *cluster.Client
	membership membership
	etcd       *etcd.Client
	// serving is closed when the API server answers.
	serving chan struct{}
}

// prepare writes every file that the programs read. What is wrong with the user's configuration shows here.
func prepare(ctx context.Context, s *settings.Settings, bin string) (*preparation, error) {
	if err := node.RequireCommands(); err != nil {
		return nil, err
	}
	if err := fetchBootstrap(ctx, s); err != nil {
		return nil, err
	}
	authorities, err := pki.EnsureCluster(s.Path("server", "tls"), serverNames(s), time.Now())
	if err != nil {
		return nil, err
	}
	p := &preparation{
		settings: s, bin: bin, plane: &controlPlane{s, authorities, bin}, etcd: etcd.New(etcdSocket), serving: make(chan struct{}),
	}
	tokens, err := EnsureTokens(ctx, s, authorities.Server.Hash())
	if err != nil {
		return nil, err
	}
	p.tokens.set(tokens)
	if wantsMembership(s) {
		if err := authorities.EnsurePeer(s.NodeName, s.NodeIP.AsSlice(), time.Now()); err != nil {
			return nil, err
		}
	}
	if p.membership, err = resolveMembership(ctx, s); err != nil {
		return nil, err
	}
	p.identity = node.Identity{
		ServerURL: p.plane.apiURL(), ClusterDNS: s.ClusterDNS, ClusterDomain: s.ClusterDomain, ClusterCIDR: s.ClusterCIDR,
	}
	if p.rewritings, err = node.WriteContainerd(s); err != nil {
		return nil, err
	}
	for _, step := range []func() error{
		p.plane.writeCredentials, p.writeNodeCertificates, p.stageManifests, makeRunDirectory,
		func() error { return node.LinkCNI(s, bin) },
		func() error { return node.WriteKubelet(s, p.identity) },
		func() error { return node.WriteProxy(s, p.identity) },
		func() error { return files.EnsureDirectory(s.Path("agent", "containerd"), 0o700) },
		func() error { return files.EnsureDirectory(s.Path("agent", "pod-manifests"), 0o700) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	node.PrepareHost()
	p.client, err = cluster.New(p.plane.apiURL(), authorities.Path("server-ca.crt"), authorities.Path("client-supervisor"))
	return p, err
}

// writeNodeCertificates gives the server's own node what an agent would fetch.
func (p *preparation) writeNodeCertificates() error {
	s, authorities, now := p.settings, p.plane.pki, time.Now()
	for name, content := range map[string][]byte{"server-ca.crt": authorities.Server.PEM, "client-ca.crt": authorities.Client.PEM} {
		if _, err := files.WriteIfChanged(node.AgentFile(s, name), content, 0o644); err != nil {
			return err
		}
	}
	for _, wanted := range []struct {
		authority *pki.Authority
		file      string
		request   pki.Request
	}{
		{authorities.Client, "client-kubelet", pki.KubeletClient(s.NodeName)},
		{authorities.Client, "client-kube-proxy", pki.ProxyClient()},
		{authorities.Server, "serving-kubelet", pki.KubeletServing(s.NodeName, s.NodeIP.AsSlice())},
	} {
		if err := wanted.authority.Ensure(node.AgentFile(s, wanted.file), wanted.request, now); err != nil {
			return err
		}
	}
	return nil
}

// absent are components that k3s bundles and this launcher does not.
var absent = []string{"traefik", "servicelb", "runtimes"}

func (p *preparation) stageManifests() error {
	s := p.settings
	directory := s.Path("server", "manifests")
	if err := files.EnsureDirectory(directory, 0o700); err != nil {
		return err
	}
	skips, err := deploy.ListSkips(directory)
	if err != nil {
		return err
	}
	rules := deploy.NewRules(s.Disable, skips)
	var missing []string
	for _, name := range absent {
		if !rules.Disabled(name + ".yaml") {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		journal.Info("Not part of this launcher and not deployed: %s", strings.Join(missing, ", "))
	}
	storage := s.LocalStoragePath
	if storage == "" {
		storage = s.Path("storage")
	}
	return deploy.Stage(directory, deploy.Variables{
		ClusterDNS: s.ClusterDNS.String(), ClusterDomain: s.ClusterDomain, SystemRegistry: s.SystemRegistry, LocalStoragePath: storage,
	}, rules)
}

// serveLocal answers what the launcher itself serves: the supervisor's paths, and the rewriting of image names where it was asked for.
func (p *preparation) serveLocal() (func(), error) {
	listener, err := net.Listen("unix", supervisorSocket)
	if err != nil {
		return nil, err
	}
	supervisor := &http.Server{Handler: p.supervisor(), ReadHeaderTimeout: 30 * time.Second}
	go func() { _ = supervisor.Serve(listener) }()
	stopRewriting, err := node.ServeRewriting(p.rewritings)
	if err != nil {
		_ = supervisor.Close()
		return nil, err
	}
	return func() {
		_ = supervisor.Close()
		stopRewriting()
	}, nil
}

// runNode brings the node up: containerd, the images that were put in place, then the kubelet.
func (p *preparation) runNode(ctx context.Context, group *supervise.Group, fail context.CancelCauseFunc) {
	importer := node.NewImporter(p.settings, p.bin)
	if err := importer.WaitReady(ctx, containerdPatience); err != nil {
		fail(err)
		return
	}
	importer.ImportAll(ctx)
	// A kubelet without an API server tries and complains ten times a second, on processors that the API server needs to start.
	select {
	case <-ctx.Done():
		return
	case <-p.serving:
	}
	if err := group.Start(node.Kubelet(p.settings, p.bin)); err != nil {
		fail(err)
		return
	}
	if err := node.Masquerade(p.settings.ClusterCIDR); err != nil {
		journal.Error("Pods will not reach what is outside the cluster: %v", err)
	}
	importer.Watch(ctx)
}

// runCluster waits for the API server, starts what needs it, tells systemd, and then keeps nodes and manifests.
func (p *preparation) runCluster(ctx context.Context, group *supervise.Group, notifySocket string, fail context.CancelCauseFunc) {
	if !waitFor(ctx, 300*time.Millisecond, func() error { return p.client.Healthy(ctx, "/livez/ping") }) {
		return
	}
	journal.Info("Kube API server is now running")
	close(p.serving)
	go p.keepNodes(ctx)
	// Until the first roles are written nothing else may do much, and would only slow that down; the controller manager even gives up
	// when the API server is not healthy ten seconds after its start.
	if !waitFor(ctx, 500*time.Millisecond, func() error { return p.client.Healthy(ctx, "/healthz") }) {
		return
	}
	programs := []supervise.Program{p.plane.controllerManager(p.membership)}
	if !p.settings.DisableScheduler {
		programs = append(programs, p.plane.scheduler(p.membership))
	}
	if !p.settings.DisableKubeProxy {
		programs = append(programs, node.Proxy(p.settings, p.bin, p.identity))
	}
	for _, program := range programs {
		if err := group.Start(program); err != nil {
			fail(err)
			return
		}
	}
	if !waitFor(ctx, time.Second, func() error { return p.client.Healthy(ctx, "/readyz") }) {
		return
	}
	if err := notify.Send(notifySocket, "READY=1\n"); err != nil {
		journal.Warn("systemd was not told that k3s is ready: %v", err)
	}
	journal.Info("k3s is up and running")
	if !waitFor(ctx, time.Second, func() error { return p.client.Get(ctx, "/api/v1/namespaces/kube-system", nil) }) {
		return
	}
	deployer := &deploy.Deployer{
		Client: p.client, Directory: p.settings.Path("server", "manifests"), Disable: p.settings.Disable,
		Manager: "deploy@" + p.settings.NodeName,
	}
	deployer.Run(ctx)
}

// waitFor tries until it works (true) or the context ends (false). What an unreachable API server means is decided by who supervises it.
func waitFor(ctx context.Context, pause time.Duration, try func() error) bool {
	for try() != nil {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(pause):
		}
	}
	return true
}
