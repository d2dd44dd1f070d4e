import type { Entry } from "./entry";

/** Images of pods, and that of their sandboxes. */
export const images = {
  "image-no-platform": {
    severity: "error",
    area: "images",
    sentence: "{image} has no image for {platform}",
    remedy:
      "k3s-board:images: give {image} a `kind: build` or an `alias` that has {platform}; `npm run audit -- {image}` shows what it has",
  },
  "image-wrong-architecture": {
    severity: "error",
    area: "images",
    sentence: "{image} on the board is for {found}, the board is {platform}",
    remedy:
      "remove it (`k3s ctr images rm {image}`) and bring the one for {platform}: pull with --platform {platform}, or k3s-board:images",
    kubeadmRemedy:
      "remove it (`ctr -n k8s.io images rm {image}`) and bring the one for {platform}: pull with --platform {platform}, or k3s-board:images",
  },
  "image-elf-differs": {
    severity: "error",
    area: "images",
    sentence: "{image} says it is for {platform}, but the program {program} in it is of another architecture",
    remedy:
      "build the image for {platform} (k3s-board:images, `kind: build`); `npm run audit -- {image}` shows the programs in it",
  },
  "executable-not-found": {
    severity: "error",
    area: "images",
    sentence: "{image} has no program {program} in its $PATH",
    remedy: "put the program into a directory of the image's PATH, or name its full path in the pod's `command`",
  },
  "image-not-on-board": {
    severity: "error",
    area: "images",
    sentence: "{image} is not on the board, and its pull policy is Never",
    remedy:
      "import it (k3s-board:images with `delivery: airgap` or `retag`, or `k3s ctr images import`), or let the pod pull: imagePullPolicy: IfNotPresent",
    kubeadmRemedy:
      "import it (`ctr -n k8s.io images import`, with Docker `docker load`), or let the pod pull: imagePullPolicy: IfNotPresent",
  },
  "image-without-domain": {
    severity: "error",
    area: "images",
    sentence: "{image} is on the board as {found} only: containerd looks for it with its registry in front",
    remedy: "k3s ctr -n k8s.io images tag {found} {image}",
    kubeadmRemedy: "ctr -n k8s.io images tag {found} {image}",
  },
  "image-collected": {
    severity: "error",
    area: "images",
    sentence: "{image} was on the board and kubelet's garbage collection removed it",
    remedy:
      "bring it again and pin it: k3s ctr -n k8s.io images label {image} io.cri-containerd.pinned=pinned (this program pins what it brings), and free some disk",
    kubeadmRemedy:
      "bring it again and pin it: ctr -n k8s.io images label {image} io.cri-containerd.pinned=pinned, and free some disk",
  },
  "pause-missing": {
    severity: "error",
    area: "images",
    sentence: "the pause image {image} is not on the board and cannot be pulled: no pod can start",
    remedy:
      "bring it as an archive in agent/images (k3s-board:k3s.pauseImage does), or point --pause-image at one that can be pulled",
    kubeadmRemedy:
      "bring it (`ctr -n k8s.io images import`), or name one that can be pulled in /etc/containerd/config.toml (sandbox_image, sandbox from containerd 2 on; k3s-board:kubeadm.imageRepository decides it) and restart containerd",
  },
  "pause-wrong-architecture": {
    severity: "error",
    area: "images",
    sentence: "the pause image {image} on the board is for {found}, the board is {platform}: no pod can start",
    remedy: "remove it (`k3s ctr -n k8s.io images rm {image}`) and bring one for {platform}; this program builds it",
    kubeadmRemedy: "remove it (`ctr -n k8s.io images rm {image}`) and bring one for {platform}; this program builds it",
  },
  "pause-elf-differs": {
    severity: "error",
    area: "images",
    sentence:
      "the pause image {image} says it is for {platform}, but its sandboxes die at once: the program in it is of another architecture",
    remedy:
      "replace it by one that is built for {platform}; this program builds it, `npm run audit -- {image}` shows the program in it",
  },
} as const satisfies Record<string, Entry>;
