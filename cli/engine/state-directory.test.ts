import { describe, expect, it } from "vitest";
import { chooseBackend } from "./state-directory";

describe("chooseBackend", () => {
  it.each([
    [undefined, { url: "file:///p/.pulumi-state", directory: "/p/.pulumi-state" }],
    ["file:///srv/state", { url: "file:///srv/state", directory: "/srv/state" }],
    ["file://./state?no_tmp_dir=true", { url: "file://./state?no_tmp_dir=true", directory: "/p/state" }],
    ["s3://bucket", { url: "s3://bucket" }],
  ])("%s", (url, expected) => expect(chooseBackend({ PULUMI_BACKEND_URL: url }, "/p")).toEqual(expected));
});
