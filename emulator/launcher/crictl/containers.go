package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// pods lists the sandboxes of pods, the newest first.
func pods(ctx context.Context, service services, args []string, output io.Writer) error {
	asJSON := wantsJSON(args)
	if len(args) > 0 && !asJSON {
		return errors.New("pods takes nothing, or -o json")
	}
	answer, err := service.runtime.ListPodSandbox(ctx, &cri.ListPodSandboxRequest{})
	if err != nil {
		return fmt.Errorf("listing pod sandboxes: %w", err)
	}
	slices.SortStableFunc(answer.Items, func(a, b *cri.PodSandbox) int { return newestFirst(a.CreatedAt, b.CreatedAt) })
	if asJSON {
		return writeJSON(output, answer)
	}
	table := newTable(output)
	fmt.Fprintln(table, "POD ID\tCREATED\tSTATE\tNAME\tNAMESPACE\tATTEMPT\tRUNTIME")
	for _, pod := range answer.Items {
		state, runtime := "NotReady", pod.RuntimeHandler
		if pod.State == cri.PodSandboxState_SANDBOX_READY {
			state = "Ready"
		}
		if runtime == "" {
			runtime = "(default)"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%d\t%s\n", shortID(pod.Id), ago(pod.CreatedAt), state, pod.Metadata.GetName(),
			pod.Metadata.GetNamespace(), pod.Metadata.GetAttempt(), runtime)
	}
	return table.Flush()
}

var containerStates = map[cri.ContainerState]string{
	cri.ContainerState_CONTAINER_CREATED: "Created", cri.ContainerState_CONTAINER_RUNNING: "Running",
	cri.ContainerState_CONTAINER_EXITED: "Exited", cri.ContainerState_CONTAINER_UNKNOWN: "Unknown",
}

// containers lists the containers that run, or all of them, the newest first.
func containers(ctx context.Context, service services, args []string, output io.Writer) error {
	all := len(args) > 0 && (args[0] == "-a" || args[0] == "--all")
	if all {
		args = args[1:]
	}
	asJSON := wantsJSON(args)
	if len(args) > 0 && !asJSON {
		return errors.New("ps takes -a and -o json, in this order")
	}
	request := &cri.ListContainersRequest{}
	if !all {
		running := &cri.ContainerStateValue{State: cri.ContainerState_CONTAINER_RUNNING}
		request.Filter = &cri.ContainerFilter{State: running}
	}
	answer, err := service.runtime.ListContainers(ctx, request)
	if err != nil {
		return fmt.Errorf("listing containers: %w", err)
	}
	slices.SortStableFunc(answer.Containers, func(a, b *cri.Container) int { return newestFirst(a.CreatedAt, b.CreatedAt) })
	if asJSON {
		return writeJSON(output, answer)
	}
	table := newTable(output)
	fmt.Fprintln(table, "CONTAINER\tIMAGE\tCREATED\tSTATE\tNAME\tATTEMPT\tPOD ID\tPOD\tNAMESPACE")
	for _, one := range answer.Containers {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\n", shortID(one.Id), shortID(one.Image.GetImage()), ago(one.CreatedAt),
			containerStates[one.State], one.Metadata.GetName(), one.Metadata.GetAttempt(), shortID(one.PodSandboxId),
			one.Labels["io.kubernetes.pod.name"], one.Labels["io.kubernetes.pod.namespace"])
	}
	return table.Flush()
}

func newTable(output io.Writer) *tabwriter.Writer {
	return tabwriter.NewWriter(output, 0, 8, 3, ' ', 0)
}

func newestFirst(a, b int64) int {
	switch {
	case a > b:
		return -1
	case a < b:
		return 1
	}
	return 0
}

// ago tells how long ago something was, in nanoseconds since 1970.
func ago(nanoseconds int64) string {
	passed := time.Since(time.Unix(0, nanoseconds)).Round(time.Second)
	for _, unit := range []struct {
		name string
		size time.Duration
	}{{"days", 24 * time.Hour}, {"hours", time.Hour}, {"minutes", time.Minute}} {
		if passed >= 2*unit.size {
			return fmt.Sprintf("%d %s ago", int(passed/unit.size), unit.name)
		}
	}
	return fmt.Sprintf("%d seconds ago", int(passed.Seconds()))
}
