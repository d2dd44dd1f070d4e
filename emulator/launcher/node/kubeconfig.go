package node

import (
	"encoding/base64"
	"os"

	"k3s-board/emulator/launcher/files"
)

// Kubeconfig describes how to reach the cluster as one user.
type Kubeconfig struct {
	Server string
	CAFile string
	// Certificate is the path of the client's certificate without .crt and .key.
	Certificate string
	// Embed puts the certificates themselves into the file, so that it can be carried away.
	Embed bool
}

// WriteKubeconfig writes a kubeconfig that only root may read.
func WriteKubeconfig(path string, config Kubeconfig) error {
	content, err := config.Render()
	if err != nil {
		return err
	}
	_, err = files.WriteIfChanged(path, content, 0o600)
	return err
}

// Render gives the text of the kubeconfig.
func (c Kubeconfig) Render() ([]byte, error) {
	authority := map[string]any{"server": c.Server}
	user := map[string]any{}
	for _, part := range []struct {
		into      map[string]any
		key, file string
	}{
		{authority, "certificate-authority", c.CAFile},
		{user, "client-certificate", c.Certificate + ".crt"},
		{user, "client-key", c.Certificate + ".key"},
	} {
		if !c.Embed {
			part.into[part.key] = part.file
			continue
		}
		content, err := os.ReadFile(part.file)
		if err != nil {
			return nil, err
		}
		part.into[part.key+"-data"] = base64.StdEncoding.EncodeToString(content)
	}
	return mustYAML(map[string]any{
		"apiVersion": "v1", "kind": "Config", "current-context": "default", "preferences": map[string]any{},
		"clusters": []any{map[string]any{"name": "default", "cluster": authority}},
		"contexts": []any{map[string]any{"name": "default", "context": map[string]any{"cluster": "default", "user": "default"}}},
		"users":    []any{map[string]any{"name": "default", "user": user}},
	}), nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return path != "" && err == nil
}
