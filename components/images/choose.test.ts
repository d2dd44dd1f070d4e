import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ImageAudit } from "./audit/result";
import { type Answer, chooseStrategy, judgeWorkload, type Knowledge, namesToAsk, type WantedImage } from "./choose";
import { imagesConfig } from "./config";

const base = { problems: [], allowed: [], programs: 1, bytesRead: 0, cached: false };
const fits = (platforms = ["linux/amd64", "linux/riscv64"]): ImageAudit => ({
  ...base,
  verdict: "fits",
  digest: "sha256:index",
  platformDigest: "sha256:riscv64",
  platforms,
});
const others: ImageAudit = {
  ...base,
  verdict: "platform",
  digest: "sha256:index",
  platforms: ["linux/amd64", "linux/arm64"],
};
const absent: ImageAudit = { ...base, verdict: "absent", platforms: [] };
const lies: ImageAudit = {
  ...fits(),
  verdict: "programs",
  problems: [
    {
      kind: "architecture",
      layer: "sha256:layer",
      path: "/flexvol",
      found: "amd64",
      wanted: "riscv64",
      message: "/flexvol in layer sha256:layer is a program for amd64, the board is riscv64",
    },
  ],
};
const audited = (audit: ImageAudit): Answer => ({ kind: "audited", audit });
const silent: Answer = { kind: "unreachable", why: "the name is not known" };

const busybox = "docker.io/rancher/mirrored-library-busybox:1.37.0";
const library = "docker.io/library/busybox:1.37.0";
const config = (entry: object) => Object.values(imagesConfig.parse({ "a/b:1": entry }))[0];
const alias = config({ kind: "alias", of: "busybox:1.37.0" });
const build = config({ kind: "files", files: { "/bin/busybox": { source: "/tmp/busybox" } } });
if (!alias || !build) throw new Error("no configuration");
const wanted: WantedImage = { name: busybox, alternatives: [alias, build] };

function choose(image: WantedImage, answers: Record<string, Answer>, more: Partial<Knowledge> = {}) {
  const knowledge: Knowledge = {
    platform: "linux/riscv64",
    answers: new Map(Object.entries(answers)),
    hindrance: () => undefined,
    isBuilt: () => false,
    ...more,
  };
  return chooseStrategy(image, knowledge);
}

describe("the choice where the configuration says nothing", () => {
  it("mirrors what upstream has under the very name", () => {
    expect(choose(wanted, { [busybox]: audited(fits()), [library]: audited(fits()) })).toMatchObject({
      choice: {
        strategy: "mirror",
        from: busybox,
        digest: "sha256:riscv64",
        reason: "docker.io has it for linux/riscv64",
      },
    });
  });

  it("takes the first other name that fits, and says why", () => {
    expect(choose(wanted, { [busybox]: audited(others), [library]: audited(fits()) })).toEqual({
      choice: {
        strategy: "alias",
        from: library,
        digest: "sha256:riscv64",
        platformDigest: "sha256:riscv64",
        reason: `${busybox} has no linux/riscv64 (it has linux/amd64, linux/arm64); ${library} has it`,
      },
    });
  });

  it.each<[string, Answer]>([
    ["is for others", audited(others)],
    ["is not there", audited(absent)],
    ["lies", audited(lies)],
    ["cannot be asked about", silent],
    ["is shown to nobody", { kind: "denied", why: "401" }],
  ])("builds what %s", (_title, answer) => {
    expect(choose(wanted, { [busybox]: answer, [library]: answer })).toMatchObject({
      choice: {
        strategy: "build",
        source: { kind: "files" },
        reason: expect.stringContaining("; built from /bin/busybox") as string,
      },
    });
  });

  it("goes by the last answer of a registry that is silent now", () => {
    const remembered: Answer = { ...silent, remembered: fits() };
    expect(choose(wanted, { [busybox]: remembered })).toMatchObject({
      choice: {
        strategy: "mirror",
        reason: expect.stringContaining("as of its last answer: the name is not known") as string,
      },
    });
  });

  it("refuses with everything that was looked at, the lie included", () => {
    const outcome = choose(
      wanted,
      { [busybox]: audited(lies), [library]: audited(others) },
      { hindrance: () => "no compiler" },
    );
    expect(outcome).toEqual({
      problem:
        `${busybox}: ${busybox} says linux/riscv64 and is not: ${lies.problems[0]?.message ?? ""}; ` +
        `${library} has no linux/riscv64 (it has linux/amd64, linux/arm64); no compiler. ` +
        "Say in the configuration how the board gets it (`images`): build, mirror or alias one that fits",
    });
  });

  it("depends on the answers only, and always ends in a choice or a problem", () => {
    const answer = fc.constantFrom(audited(fits()), audited(others), audited(absent), audited(lies), silent);
    fc.assert(
      fc.property(answer, answer, fc.option(fc.constant("no compiler"), { nil: undefined }), (a, b, hindered) => {
        const answers = { [busybox]: a, [library]: b };
        const ask = () => choose(wanted, answers, { hindrance: () => hindered });
        expect(ask()).toEqual(ask());
        const admitted = [a, b].some((one) => one.kind === "audited" && one.audit.verdict === "fits");
        expect("problem" in ask()).toBe(!admitted && hindered !== undefined);
      }),
    );
  });
});

describe("what the configuration says", () => {
  const configured = (entry: object): WantedImage => {
    const said = config(entry);
    if (!said) throw new Error("no configuration");
    return { name: busybox, configured: said, alternatives: [] };
  };

  it("copies a whole index where that is wanted", () => {
    const image = configured({ kind: "mirror", from: "busybox:1.37.0", platforms: "all" });
    expect(namesToAsk(image, () => false)).toEqual([library]);
    expect(choose(image, { [library]: audited(fits()) })).toMatchObject({
      choice: { strategy: "mirror", from: library, digest: "sha256:index", platformDigest: "sha256:riscv64" },
    });
  });

  it("gives an image of the stack another name without asking anybody", () => {
    const image = configured({ kind: "alias", of: "me/busybox:1" });
    const isBuilt = (name: string) => name === "docker.io/me/busybox:1";
    expect(namesToAsk(image, isBuilt)).toEqual([]);
    expect(choose(image, {}, { isBuilt })).toMatchObject({
      choice: { strategy: "alias", of: "docker.io/me/busybox:1" },
    });
  });

  it.each([{ kind: "mirror" }, { kind: "keep" }, { kind: "alias", of: "busybox:1.37.0" }])(
    "is refused where it does not fit the board: $kind",
    (entry) => {
      const answers = { [busybox]: audited(others), [library]: audited(others) };
      expect(choose(configured(entry), answers)).toMatchObject({
        problem: expect.stringMatching(/the configuration says \w+, and \S+ has no linux\/riscv64/) as string,
      });
    },
  );

  it("says what keeps a Dockerfile from being built", () => {
    const image = configured({ kind: "dockerfile", context: "./app" });
    expect(choose(image, {}, { hindrance: () => "this machine has no docker command" })).toEqual({
      problem: `${busybox}: this machine has no docker command`,
    });
  });
});

describe("an image of the user's manifests", () => {
  const image = { name: busybox, where: "Deployment default/web, container web" };
  const judge = (answer: Answer) =>
    judgeWorkload(image, { platform: "linux/riscv64", answers: new Map([[busybox, answer]]) });

  it("is refused where upstream has it for others only, or lies", () => {
    expect(judge(audited(fits()))).toBeUndefined();
    expect(judge(audited(others))).toEqual({
      problem:
        `Deployment default/web, container web: ${busybox} has no linux/riscv64 (it has linux/amd64, linux/arm64). ` +
        "Say in the configuration how the board gets it (`images`): build, mirror or alias one that fits",
    });
    expect(judge(audited(lies))).toHaveProperty("problem");
  });

  it("is warned of where nobody can say", () => {
    for (const answer of [silent, { kind: "denied", why: "401" } as const]) {
      expect(judge(answer)).toHaveProperty("warning");
    }
  });
});
