import { mkdtempSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { UnfinishedUploads } from "./unfinished";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "uploads-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));
const uploads = (registry = "http://r") => new UnfinishedUploads(registry, () => directory);

describe("UnfinishedUploads", () => {
  it("are known to the next run, of the same registry only, until they are finished", () => {
    uploads().set("a/b", "sha256:1", "/v2/a/b/blobs/uploads/1?_state=x");
    expect(uploads().get("a/b", "sha256:1")).toBe("/v2/a/b/blobs/uploads/1?_state=x");
    expect(uploads("http://other").get("a/b", "sha256:1")).toBeUndefined();
    expect(uploads().get("a/b", "sha256:2")).toBeUndefined();
    uploads().delete("a/b", "sha256:1");
    expect(uploads().get("a/b", "sha256:1")).toBeUndefined();
  });

  it("are forgotten when the registry has forgotten them too", () => {
    uploads().set("a/b", "sha256:1", "/1");
    const [old = ""] = readdirSync(directory);
    utimesSync(join(directory, old), 1, 1);
    uploads().set("a/b", "sha256:2", "/2");
    expect(uploads().get("a/b", "sha256:1")).toBeUndefined();
    expect(uploads().get("a/b", "sha256:2")).toBe("/2");
  });

  it("fail nothing where they cannot be kept", () => {
    const nowhere = new UnfinishedUploads("http://r", () => "/proc/none");
    nowhere.set("a/b", "sha256:1", "/1");
    expect(nowhere.get("a/b", "sha256:1")).toBe("/1");
    nowhere.delete("a/b", "sha256:1");
  });
});
