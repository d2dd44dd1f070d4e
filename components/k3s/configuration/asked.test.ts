import { describe, expect, it } from "vitest";
import { askedFlags } from "./asked";

describe("askedFlags", () => {
  it.each([
    ["each once, in an order of their own", ["tls-san", "debug", "tls-san"], "v1.36.3+k3s1", ["debug", "tls-san"]],
    ["a key that appends by the flag's name", ["kubelet-arg+"], "v1.36.3+k3s1", ["kubelet-arg"]],
    ["none that k3s hides", ["disable-etcd", "supervisor-port", "debug"], "v1.36.3+k3s1", ["debug"]],
    ["none that k3s has deprecated, and may hide later", ["helm-job-image"], "v1.37.0+k3s1", []],
    ["one that was not deprecated then", ["helm-job-image"], "v1.35.0+k3s1", ["helm-job-image"]],
    ["what nobody here knows", ["shiny-new"], "v1.37.0+k3s1", ["shiny-new"]],
  ])("is %s", (_title, keys, version, names) => {
    expect(askedFlags(keys, { role: "server", version })).toEqual(names);
  });

  it("is what servers hide too, where an agent is to have it", () => {
    expect(askedFlags(["disable-etcd", "airgap-extra-registry"], { role: "agent", version: "v1.37.0" })).toEqual([
      "disable-etcd",
    ]);
  });
});
