package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// services are the two halves of a container runtime's interface.
type services struct {
	images  cri.ImageServiceClient
	runtime cri.RuntimeServiceClient
}

type command func(ctx context.Context, service services, args []string, output io.Writer) error

var commands = map[string]command{
	"pull": pull, "images": images, "image": images, "inspecti": inspect, "rmi": remove, "pods": pods, "ps": containers,
}

// pull gets an image without credentials of ours: containerd has those of its configuration.
func pull(ctx context.Context, service services, args []string, output io.Writer) error {
	if len(args) != 1 {
		return errors.New("pull takes one image")
	}
	answer, err := service.images.PullImage(ctx, &cri.PullImageRequest{Image: &cri.ImageSpec{Image: args[0]}})
	if err != nil {
		return fmt.Errorf("pulling image: %w", err)
	}
	_, err = fmt.Fprintf(output, "Image is up to date for %s\n", answer.ImageRef)
	return err
}

func images(ctx context.Context, service services, args []string, output io.Writer) error {
	asJSON := wantsJSON(args)
	if len(args) > 0 && !asJSON {
		return errors.New("images takes nothing, or -o json")
	}
	answer, err := service.images.ListImages(ctx, &cri.ListImagesRequest{})
	if err != nil {
		return fmt.Errorf("listing images: %w", err)
	}
	if asJSON {
		return writeJSON(output, answer)
	}
	table := tabwriter.NewWriter(output, 0, 8, 3, ' ', 0)
	fmt.Fprintln(table, "IMAGE\tTAG\tIMAGE ID\tSIZE")
	for _, image := range answer.Images {
		for _, name := range namesOf(image) {
			repository, tag := splitTag(name)
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", repository, tag, shortID(image.Id), megabytes(image.Size))
		}
	}
	return table.Flush()
}

func inspect(ctx context.Context, service services, args []string, output io.Writer) error {
	if len(args) != 1 {
		return errors.New("inspecti takes one image")
	}
	answer, err := service.images.ImageStatus(ctx, &cri.ImageStatusRequest{Image: &cri.ImageSpec{Image: args[0]}, Verbose: true})
	if err != nil {
		return fmt.Errorf("image status for %q: %w", args[0], err)
	}
	if answer.Image == nil {
		return fmt.Errorf("no such image %q present", args[0])
	}
	return writeJSON(output, answer)
}

// remove goes on behind one that cannot be removed, and ends with all errors.
func remove(ctx context.Context, service services, args []string, output io.Writer) error {
	if len(args) == 0 {
		return errors.New("rmi takes at least one image")
	}
	var failures []error
	for _, name := range args {
		spec := &cri.ImageSpec{Image: name}
		answer, err := service.images.ImageStatus(ctx, &cri.ImageStatusRequest{Image: spec})
		if err == nil && answer.Image == nil {
			err = errors.New("no such image")
		}
		if err == nil {
			_, err = service.images.RemoveImage(ctx, &cri.RemoveImageRequest{Image: spec})
		}
		if err != nil {
			failures = append(failures, fmt.Errorf("removing %q: %w", name, err))
			continue
		}
		fmt.Fprintf(output, "Deleted: %s\n", name)
	}
	return errors.Join(failures...)
}

func wantsJSON(args []string) bool {
	given := strings.Join(args, " ")
	return given == "-o json" || given == "--output json" || given == "--output=json"
}

// writeJSON writes a message with the names of its fields as in the CRI. protojson varies its spaces on purpose; encoding/json sets them right.
func writeJSON(output io.Writer, message proto.Message) error {
	text, err := protojson.MarshalOptions{EmitUnpopulated: true}.Marshal(message)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(output)
	encoder.SetIndent("", "  ")
	return encoder.Encode(json.RawMessage(text))
}

func namesOf(image *cri.Image) []string {
	if len(image.RepoTags) > 0 {
		return image.RepoTags
	}
	var names []string
	for _, digest := range image.RepoDigests {
		names = append(names, strings.SplitN(digest, "@", 2)[0]+":<none>")
	}
	if len(names) == 0 {
		return []string{"<none>:<none>"}
	}
	return names
}

func splitTag(name string) (string, string) {
	at := strings.LastIndex(name, ":")
	return name[:at], name[at+1:]
}

func shortID(id string) string {
	id = strings.TrimPrefix(id, "sha256:")
	return id[:min(13, len(id))]
}

func megabytes(size uint64) string {
	if size < 1_000_000 {
		return fmt.Sprintf("%.3gkB", float64(size)/1e3)
	}
	return fmt.Sprintf("%.3gMB", float64(size)/1e6)
}
