import { describe, expect, it } from "vitest";
import { supportedMinors, versionProblem } from "./versions";

describe("versionProblem", () => {
  it.each(["v1.30.0", "v1.36.3"])("takes %s", (version) => expect(versionProblem(version)).toBeUndefined());

  it("refuses Kubernetes 1.9 of a field report in one sentence, with what replaces it", () => {
    expect(versionProblem("v1.9.2")).toBe(
      "Kubernetes v1.9.2 is not supported: 1.30 to 1.36 are; make a new cluster with 1.36 and move the workloads to it",
    );
  });

  it("refuses what is newer than is known", () => {
    expect(versionProblem(`v1.${supportedMinors.newest + 1}.0`)).toMatch(/newer than 1\.36/);
  });

  it.each([undefined, 7, "latest"])("leaves %s to the schema", (version) =>
    expect(versionProblem(version)).toBeUndefined(),
  );
});
