/**
 * What k3s's containerd is told besides what k3s tells it, in a file that k3s's own configuration of it imports; a k3s that is too old for that
 * (containerd 1) leaves it alone.
 *
 * containerd knows on disk that an image is unpacked, while what it has unpacked is on its way there: behind a power cut within half a minute the
 * files are empty, and the image is never unpacked again (containerd issues 5854 and 9497). With `sync_fs` (containerd 2,
 * `plugins/services/diff/local.go`) it waits for each layer.
 */
export function containerdDropIn(dataDir: string): { readonly path: string; readonly content: string } {
  return {
    path: `${dataDir}/agent/etc/containerd/config-v3.toml.d/50-k3s-board.toml`,
    content: `version = 3

[plugins.'io.containerd.service.v1.diff-service']
  sync_fs = true
`,
  };
}
