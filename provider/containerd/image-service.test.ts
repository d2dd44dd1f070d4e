import { expect, it } from "vitest";
import { socketOf } from "./image-service";

it.each([
  [["k3s", "ctr"], "/run/k3s/containerd/containerd.sock"],
  [["/usr/local/bin/k3s", "ctr"], "/run/k3s/containerd/containerd.sock"],
  [["ctr"], "/run/containerd/containerd.sock"],
  [["ctr", "--address", "/tmp/c.sock"], "/tmp/c.sock"],
])("%s talks to %s", (command, socket) => expect(socketOf(command)).toBe(socket));
