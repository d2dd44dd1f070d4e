import { describe, expect, it } from "vitest";
import { UnfitImages } from "../../components/images/unfit-images";
import { ConfigError } from "../../stacks/config";
import { ExpectedError, UsageError } from "../errors";
import { subjectsFailure } from "./audit";

describe("why the images of a stack cannot be told", () => {
  it("is wrong input where the stack's configuration is, a manifest of it for example", () => {
    const failure = subjectsFailure(new ConfigError([{ path: "manifests.web.yaml", reason: "not YAML" }]));
    expect(failure).toBeInstanceOf(UsageError);
    expect(failure.message).toContain("manifests.web.yaml: not YAML");
  });

  it("stays what it is where images are refused, and is a failure otherwise", () => {
    const unfit = new UnfitImages("images", []);
    expect(subjectsFailure(unfit)).toBe(unfit);
    expect(subjectsFailure(new Error("no network"))).toEqual(new ExpectedError("no network"));
  });
});
