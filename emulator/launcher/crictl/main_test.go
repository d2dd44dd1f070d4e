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

// runtime has a pod whose first sandbox died, and a container that follows each.
type runtime struct {
	cri.UnimplementedRuntimeServiceServer
}

func (runtime) ListPodSandbox(context.Context, *cri.ListPodSandboxRequest) (*cri.ListPodSandboxResponse, error) {
	sandbox := func(id string, attempt uint32, state cri.PodSandboxState, created int64) *cri.PodSandbox {
		metadata := &cri.PodSandboxMetadata{Name: "web", Namespace: "default", Uid: "u", Attempt: attempt}
		return &cri.PodSandbox{Id: id, Metadata: metadata, State: state, CreatedAt: created}
	}
	return &cri.ListPodSandboxResponse{Items: []*cri.PodSandbox{
		sandbox("old", 0, cri.PodSandboxState_SANDBOX_NOTREADY, 1), sandbox("new", 1, cri.PodSandboxState_SANDBOX_READY, 2),
	}}, nil
}

func (runtime) ListContainers(_ context.Context, request *cri.ListContainersRequest) (*cri.ListContainersResponse, error) {
	answer := &cri.ListContainersResponse{Containers: []*cri.Container{{
		Id: "c1", PodSandboxId: "new", Metadata: &cri.ContainerMetadata{Name: "main"}, State: cri.ContainerState_CONTAINER_RUNNING,
		Image: &cri.ImageSpec{Image: "sha256:aa", UserSpecifiedImage: "docker.io/a/b:1"}, Labels: map[string]string{"io.kubernetes.pod.name": "web"},
	}}}
	if request.GetFilter().GetState() == nil {
		answer.Containers = append(answer.Containers, &cri.Container{Id: "c0", PodSandboxId: "old", State: cri.ContainerState_CONTAINER_EXITED})
	}
	return answer, nil
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
	cri.RegisterRuntimeServiceServer(server, runtime{})
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

func TestPodsAndContainers(t *testing.T) {
	socket := serve(t)
	for _, expected := range []struct {
		args []string
		said []string
	}{
		{[]string{"--timeout", "5s", "pods", "-o", "json"}, []string{`"state": "SANDBOX_READY"`, `"attempt": 1`, `"namespace": "default"`}},
		{[]string{"pods"}, []string{"POD ID", "days ago", "NotReady", "(default)"}},
		{[]string{"ps", "-a", "-o", "json"}, []string{`"userSpecifiedImage": "docker.io/a/b:1"`, `"state": "CONTAINER_EXITED"`, `"podSandboxId": "new"`}},
		{[]string{"ps", "--all"}, []string{"POD ID", "Running", "Exited", "web"}},
	} {
		said, err := crictl(socket, expected.args...)
		for _, part := range expected.said {
			if err != nil || !strings.Contains(said, part) {
				t.Errorf("%v lacks %s: %q, %v", expected.args, part, said, err)
			}
		}
	}
	said, err := crictl(socket, "pods")
	if err != nil || strings.Index(said, "new") > strings.Index(said, "old") {
		t.Errorf("pods, the newest first: %q, %v", said, err)
	}
	if said, err = crictl(socket, "ps"); err != nil || strings.Contains(said, "c0") {
		t.Errorf("ps: %q, %v", said, err)
	}
}

func TestTroubles(t *testing.T) {
	socket := serve(t)
	if _, err := crictl(socket, "pull", "nowhere/a:1"); err == nil || !strings.Contains(err.Error(), "nowhere/a:1: not found") {
		t.Errorf("pull: %v", err)
	}
	if _, err := crictl(socket, "exec"); err == nil || !strings.Contains(err.Error(), `no command "exec"`) {
		t.Errorf("exec: %v", err)
	}
	if said, err := crictl(socket); !errors.Is(err, errUsage) || !strings.Contains(said, "USAGE") {
		t.Errorf("nothing: %q, %v", said, err)
	}
	if _, err := crictl(filepath.Join(t.TempDir(), "none"), "images"); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("no socket: %v", err)
	}
}
