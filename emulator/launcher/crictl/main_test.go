package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// store is an image service that knows what it was told to pull.
type store struct {
	cri.UnimplementedImageServiceServer
	images map[string]*cri.Image
}

func (s *store) PullImage(_ context.Context, request *cri.PullImageRequest) (*cri.PullImageResponse, error) {
	if request.Auth != nil {
		return nil, status.Error(codes.InvalidArgument, "credentials are the runtime's own")
	}
	name := request.Image.Image
	if strings.HasPrefix(name, "nowhere/") {
		return nil, status.Errorf(codes.NotFound, "%s: not found", name)
	}
	id := "sha256:0123456789abcdef"
	s.images[name] = &cri.Image{Id: id, RepoDigests: []string{name}, Size: 1_234_567}
	return &cri.PullImageResponse{ImageRef: id}, nil
}

func (s *store) ListImages(context.Context, *cri.ListImagesRequest) (*cri.ListImagesResponse, error) {
	answer := &cri.ListImagesResponse{}
	for _, image := range s.images {
		answer.Images = append(answer.Images, image)
	}
	return answer, nil
}

func (s *store) ImageStatus(_ context.Context, request *cri.ImageStatusRequest) (*cri.ImageStatusResponse, error) {
	return &cri.ImageStatusResponse{Image: s.images[request.Image.Image]}, nil
}

func (s *store) RemoveImage(_ context.Context, request *cri.RemoveImageRequest) (*cri.RemoveImageResponse, error) {
	delete(s.images, request.Image.Image)
	return &cri.RemoveImageResponse{}, nil
}

func serve(t *testing.T) string {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	cri.RegisterImageServiceServer(server, &store{images: map[string]*cri.Image{}})
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return socket
}

func crictl(socket string, args ...string) (string, error) {
	var output, problems bytes.Buffer
	err := run(context.Background(), append([]string{"--runtime-endpoint", "unix://" + socket}, args...), &output, &problems)
	return output.String() + problems.String(), err
}

func TestLifeOfAnImage(t *testing.T) {
	socket := serve(t)
	const name = "127.0.0.1:5000/rancher/mirrored-pause@sha256:aa"
	said, err := crictl(socket, "pull", name)
	if err != nil || said != "Image is up to date for sha256:0123456789abcdef\n" {
		t.Fatalf("pull: %q, %v", said, err)
	}
	said, err = crictl(socket, "images")
	want := "IMAGE                                   TAG      IMAGE ID        SIZE\n" +
		"127.0.0.1:5000/rancher/mirrored-pause   <none>   0123456789abc   1.23MB\n"
	if err != nil || said != want {
		t.Fatalf("images: %q, %v", said, err)
	}
	for _, args := range [][]string{{"images", "-o", "json"}, {"inspecti", name}} {
		said, err = crictl(socket, args...)
		if err != nil || !json.Valid([]byte(said)) || !strings.Contains(said, `"repoDigests"`) {
			t.Fatalf("%v: %q, %v", args, said, err)
		}
	}
	said, err = crictl(socket, "rmi", "other", name)
	if said != "Deleted: "+name+"\n" || err == nil || !strings.Contains(err.Error(), `removing "other": no such image`) {
		t.Fatalf("rmi: %q, %v", said, err)
	}
	if _, err = crictl(socket, "inspecti", name); err == nil || !strings.Contains(err.Error(), "no such image") {
		t.Fatalf("inspecti: %v", err)
	}
}

func TestTroubles(t *testing.T) {
	socket := serve(t)
	if _, err := crictl(socket, "pull", "nowhere/a:1"); err == nil || !strings.Contains(err.Error(), "nowhere/a:1: not found") {
		t.Errorf("pull: %v", err)
	}
	if _, err := crictl(socket, "ps"); err == nil || !strings.Contains(err.Error(), `no command "ps"`) {
		t.Errorf("ps: %v", err)
	}
	if said, err := crictl(socket); !errors.Is(err, errUsage) || !strings.Contains(said, "USAGE") {
		t.Errorf("nothing: %q, %v", said, err)
	}
	if _, err := crictl(filepath.Join(t.TempDir(), "none"), "images"); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("no socket: %v", err)
	}
}
