package main

import (
	"context"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/rest"
	basecompatibility "k8s.io/component-base/compatibility"
	logsapi "k8s.io/component-base/logs/api/v1"
	"k8s.io/component-base/version/verflag"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	"k8s.io/kubernetes/cmd/kube-apiserver/app/options"
)

// supervisorVariable names the unix socket of the launcher. k3s answers its own paths (joining agents, health) on the
// port of the API server; the launcher is another process, so these paths are passed on to it.
const supervisorVariable = "K3S_SUPERVISOR_SOCKET"

// newAPIServerCommand is upstream's kube-apiserver, with the supervisor's paths in front when a socket is given.
func newAPIServerCommand() *cobra.Command {
	ctx := genericapiserver.SetupSignalContext()
	run := options.NewServerRunOptions()
	globals := run.GenericServerRunOptions.ComponentGlobalsRegistry
	command := &cobra.Command{
		Use:          "kube-apiserver",
		SilenceUsage: true,
		Args:         cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			verflag.PrintAndExitIfRequested()
			if err := globals.Set(); err != nil {
				return err
			}
			rest.SetDefaultWarningHandler(rest.NoWarnings{})
			gate := globals.FeatureGateFor(basecompatibility.DefaultKubeComponent)
			if err := logsapi.ValidateAndApply(run.Logs, gate); err != nil {
				return err
			}
			completed, err := run.Complete(ctx)
			if err != nil {
				return err
			}
			if problems := completed.Validate(); len(problems) > 0 {
				return utilerrors.NewAggregate(problems)
			}
			return serveAPI(ctx, completed, os.Getenv(supervisorVariable))
		},
	}
	command.SetContext(ctx)
	for _, set := range run.Flags().FlagSets {
		command.Flags().AddFlagSet(set)
	}
	verflag.AddFlags(command.Flags())
	return command
}

func serveAPI(ctx context.Context, completed options.CompletedOptions, supervisorSocket string) error {
	config, err := app.NewConfig(completed)
	if err != nil {
		return err
	}
	full, err := config.Complete()
	if err != nil {
		return err
	}
	server, err := app.CreateServerChain(full)
	if err != nil {
		return err
	}
	prepared, err := server.PrepareRun()
	if err != nil {
		return err
	}
	if supervisorSocket != "" {
		handler := server.GenericAPIServer.Handler
		handler.FullHandlerChain = withSupervisor(handler.FullHandlerChain, supervisorSocket)
	}
	return prepared.Run(ctx)
}

// withSupervisor sends the paths of k3s's supervisor to the launcher and everything else to the API server. The
// launcher authenticates these requests itself, by token, before the API server knows the node.
func withSupervisor(api http.Handler, socket string) http.Handler {
	supervisor := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: "supervisor"})
	supervisor.Transport = &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var dialer net.Dialer
			return dialer.DialContext(ctx, "unix", socket)
		},
	}
	return http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		path := request.URL.Path
		if path == "/ping" || path == "/cacerts" || strings.HasPrefix(path, "/v1-k3s/") {
			supervisor.ServeHTTP(writer, request)
			return
		}
		api.ServeHTTP(writer, request)
	})
}
