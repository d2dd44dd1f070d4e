import { describe, expect, it } from "vitest";
import { imagesConfig, resolveImageSource } from "./config";

describe("imagesConfig", () => {
  it("fills in defaults", () => {
    const config = imagesConfig.parse({
      "docker.io/acme/registry:3": {
        kind: "goModule",
        module: "github.com/distribution/distribution/v3",
        version: "v3.1.2",
        package: "cmd/registry",
      },
    });
    expect(config["docker.io/acme/registry:3"]).toMatchObject({ user: "65532:65532", args: [], ldflags: [] });
  });

  it("reports every problem with its path", () => {
    const result = imagesConfig.safeParse({
      "UPPER:1": { kind: "pause" },
      "a/b:1": { kind: "goModule", module: "example.org/x", version: "latest" },
      "a/c:1": { kind: "c", source: "x.c", user: "nobody", path: "relative" },
      "a/d:1": { kind: "dockerfile" },
    });
    const paths = result.error?.issues.map((issue) => issue.path.join(".")).sort();
    expect(paths).toEqual(["UPPER:1", "a/b:1.version", "a/c:1.path", "a/c:1.user", "a/d:1.context"]);
  });
});

describe("resolveImageSource", () => {
  it("makes the paths of this machine absolute, and no others", () => {
    expect(resolveImageSource({ kind: "goDirectory", directory: "./hello" }, "/project")).toMatchObject({
      directory: "/project/hello",
    });
    expect(resolveImageSource({ kind: "files", files: { "/app": { source: "out/app" } } }, "/project")).toMatchObject({
      files: { "/app": { source: "/project/out/app", mode: "0644" } },
    });
  });
});
