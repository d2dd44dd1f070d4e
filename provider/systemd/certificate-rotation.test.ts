import { afterEach, describe, expect, it, vi } from "vitest";
import { rotateVariable } from "../kubernetes/certificates";
import { connectionArgs } from "../ssh/connection-args";
import { rotationWish } from "./certificate-rotation";
import { serviceDifference } from "./changes";
import { serviceInputs, type ServiceInputs, type ServiceState } from "./schema";

const certificates = { program: "/usr/local/bin/k3s", dataDir: "/var/lib/rancher/k3s" };
const wanted: ServiceInputs = serviceInputs.parse({
  connection: connectionArgs.parse({ host: "h", hostKeys: ["ssh-ed25519 AAAA"] }),
  name: "k3s",
  unit: "[Service]\n",
  certificates,
});
const there: ServiceState = { ...wanted, unsettled: false, needsDaemonReload: false, programReplaced: false };

afterEach(() => vi.unstubAllEnvs());

describe("a rotation of certificates", () => {
  it("is a restart that the preview tells, in the run that asks for it", () => {
    vi.stubEnv(rotateVariable, "1");
    expect(rotationWish(there, wanted)).toEqual(certificates);
    expect(serviceDifference(there, wanted, () => false)).toEqual({
      changed: ["certificates"],
      notes: [
        "k3s.service restarts: its certificates are made anew",
        expect.stringMatching(/^\/usr\/local\/bin\/k3s certificate rotate: .*The CAs stay/),
      ],
    });
  });

  it.each<[string, string, Partial<ServiceState>, Partial<ServiceInputs>]>([
    ["in every other run", "", {}, {}],
    ["for a service that does not run", "1", { running: false }, {}],
    ["for one that is to stop", "1", {}, { running: false }],
    ["for one that is no k3s", "1", {}, { certificates: undefined }],
  ])("is nothing %s", (_case, variable, state, inputs) => {
    vi.stubEnv(rotateVariable, variable);
    expect(rotationWish({ ...there, ...state }, { ...wanted, ...inputs })).toBeUndefined();
  });

  it("is no change that a state from before it knows of", () => {
    const { certificates: _certificates, ...before } = there;
    expect(serviceDifference(before, wanted, () => false)).toMatchObject({ changed: [], notes: [] });
  });
});
