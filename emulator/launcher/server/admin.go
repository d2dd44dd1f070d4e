package server

import (
	"fmt"
	"os"
	"os/user"
	"strconv"

	"k3s-board/emulator/launcher/files"
	"k3s-board/emulator/launcher/journal"
	"k3s-board/emulator/launcher/node"
	"k3s-board/emulator/launcher/settings"
)

// writeAdmin writes the administrator's kubeconfig.
func writeAdmin(s *settings.Settings, config node.Kubeconfig) error {
	content, err := config.Render()
	if err != nil {
		return err
	}
	if _, err := files.WriteIfChanged(s.Kubeconfig, content, s.KubeconfigMode); err != nil {
		return fmt.Errorf("--write-kubeconfig: %w", err)
	}
	journal.Info("Wrote kubeconfig %s", s.Kubeconfig)
	if s.KubeconfigGroup == "" {
		return nil
	}
	group, err := user.LookupGroup(s.KubeconfigGroup)
	if err != nil {
		return fmt.Errorf("--write-kubeconfig-group: %w", err)
	}
	id, err := strconv.Atoi(group.Gid)
	if err != nil {
		return fmt.Errorf("--write-kubeconfig-group: %w", err)
	}
	return os.Chown(s.Kubeconfig, 0, id)
}
