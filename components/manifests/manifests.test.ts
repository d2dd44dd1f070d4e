import { describe, expect, it } from "vitest";
import { manifestChecksums, readManifests } from "./manifests";

describe("readManifests", () => {
  it("finds the deployments that are waited for", () => {
    const deployment = (name: string, more = "") =>
      `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: ${name}${more} }\n`;
    const yaml = `${deployment("a", ", namespace: web")}---\n${deployment("b")}`;
    expect(readManifests({ x: { yaml } })).toEqual([{ name: "x", content: yaml, deployments: ["web/a", "default/b"] }]);
  });
});

describe("manifestChecksums", () => {
  it("is what k3s writes into its Addon: the file's name up to the first dot, SHA-256 of its bytes", () => {
    expect(manifestChecksums([{ name: "x", content: "a", deployments: [] }])).toEqual({
      "custom-x": "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
    });
  });
});
