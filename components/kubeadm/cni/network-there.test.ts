import { expect, it } from "vitest";
import { bridgeConflist } from "./bridge";
import { flannelRoles } from "./flannel";
import { networkThere } from "./network-there";

const none = { bridge: {}, flannel: {}, manifest: {} };
const bridge = { content: bridgeConflist("10.244.0.0/16") };
const flannel = { content: "{}" };
const roles = { content: flannelRoles() };
const calico = { content: "kind: DaemonSet\nmetadata:\n  name: calico-node\n" };

it.each([
  ["none so far", undefined, {}],
  ["a bridge", "bridge", { bridge }],
  ["flannel", "flannel", { flannel, manifest: roles }],
  ["flannel whose flanneld has not run yet", "flannel", { manifest: roles }],
  ["Calico", "calico", { manifest: calico }],
  ["Calico with a manifest of usual length", "calico", { manifest: { isLong: true } }],
  ["the file that the runtime takes first, whatever else is there", "bridge", { bridge, flannel, manifest: calico }],
  ["flannel's file, which Calico's does not come before", "flannel", { flannel, manifest: { isLong: true } }],
])("%s: %s", (_title, kind, files) => expect(networkThere({ ...none, ...files })).toBe(kind));
