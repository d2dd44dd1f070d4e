// Command kubernetes holds the upstream programs of a cluster in one static file: etcd, the control plane, kubelet,
// kube-proxy and kubectl, unmodified. Which one runs is decided by the name it is called by, so that the launcher can
// place symbolic links named after the programs beside it.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

// programs maps the name of a daemon to the upstream command that is it.
var programs = map[string]func() *cobra.Command{
	"kube-apiserver":          newAPIServerCommand,
	"kube-controller-manager": controllermanager.NewControllerManagerCommand,
	"kube-scheduler":          func() *cobra.Command { return scheduler.NewSchedulerCommand() },
	"kube-proxy":              proxy.NewProxyCommand,
	"kubelet":                 func() *cobra.Command { return kubelet.NewKubeletCommand(context.Background()) },
}

func main() {
	name := filepath.Base(os.Args[0])
	switch name {
	case "etcd":
		runEtcd()
	case "kubectl":
		if err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {
			util.CheckErr(err)
		}
	default:
		command, found := programs[name]
		if !found {
			fmt.Fprintf(os.Stderr, "%s: not one of the programs in this file (etcd, kubectl, kube-apiserver, "+
				"kube-controller-manager, kube-scheduler, kube-proxy, kubelet)\n", name)
			os.Exit(2)
		}
		os.Exit(cli.Run(command()))
	}
}

// runEtcd starts etcd. Upstream refuses architectures it does not test, riscv64 among them, unless they are named.
func runEtcd() {
	if runtime.GOARCH == "riscv64" {
		if err := os.Setenv("ETCD_UNSUPPORTED_ARCH", runtime.GOARCH); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	etcdmain.Main(os.Args)
}
