import { describe, expect, it } from "vitest";
import type { AuditedSubject } from "../../components/images/audit/subjects";
import { plain } from "../events/lines";
import { UnfitImages } from "../../components/images/unfit-images";
import { auditDocument, auditExitCode, auditText, refusedDocument } from "./audit-report";

const digest = `sha256:${"a".repeat(64)}`;
const nothing = { problems: [], allowed: [], programs: 0, bytesRead: 0, cached: false };
const problem = {
  kind: "architecture",
  layer: digest,
  path: "/bin/x",
  found: "amd64",
  wanted: "riscv64",
  message: "/bin/x (layer sha256:aaaaaaaaaaaa) is a program for amd64, the image is for riscv64",
} as const;
const subjects: Record<string, AuditedSubject> = {
  fits: {
    name: "docker.io/library/good:1",
    askedBy: "k3s",
    planned: { strategy: "mirror", reason: "docker.io has it for linux/riscv64" },
    audit: {
      ...nothing,
      verdict: "fits",
      digest,
      platformDigest: digest,
      platforms: ["linux/riscv64"],
      programs: 3,
      bytesRead: 2_500_000,
    },
  },
  absent: { name: "docker.io/library/none:1", audit: { ...nothing, verdict: "absent", platforms: [] } },
  platform: {
    name: "docker.io/library/other:1",
    askedBy: "Deployment default/web, container web",
    audit: { ...nothing, verdict: "platform", digest, platforms: ["linux/amd64", "linux/arm64"] },
  },
  programs: {
    name: "docker.io/library/liar:1",
    audit: {
      ...nothing,
      verdict: "programs",
      digest,
      platformDigest: digest,
      platforms: ["linux/riscv64"],
      programs: 2,
      problems: [problem],
      allowed: [{ ...problem, path: "/data", message: "/data is a program for amd64", reason: "test data" }],
    },
  },
  error: { name: "docker.io/library/away:1", error: "registry https://registry.example: it does not answer." },
};
const scope = { platform: "linux/riscv64", pageSize: 4096 };
const all = Object.values(subjects);
const some = (...names: string[]) => names.flatMap((name) => subjects[name] ?? []);

describe("auditText", () => {
  it("shows each image, what is wrong, and what to do", () => {
    expect(auditText(all, scope, plain)).toMatchInlineSnapshot(`
      "Images for linux/riscv64 with memory pages of 4096 bytes:
        IMAGE                      STRATEGY  PLATFORMS                BOARD  PROGRAMS  VERDICT
        docker.io/library/good:1   mirror    linux/riscv64            yes    3         fits
        docker.io/library/none:1   keep      -                        no     -         absent
        docker.io/library/other:1  keep      linux/amd64,linux/arm64  no     -         other platforms only
        docker.io/library/liar:1   keep      linux/riscv64            yes    2         wrong programs
        docker.io/library/away:1   keep      -                        ?      -         not known

      How the board gets them:
        docker.io/library/good:1: mirror, docker.io has it for linux/riscv64

      docker.io/library/none:1: there is no such tag
        To do: correct the name or the tag, or say in the configuration how the board gets it (\`images\`).
      docker.io/library/other:1 (asked for by Deployment default/web, container web): not for linux/riscv64: the tag has linux/amd64, linux/arm64
        To do: take a tag or an image that has it, or say in the configuration how the board gets it (\`images\`).
      docker.io/library/liar:1: says linux/riscv64 and is not: 1 problem
        /bin/x (layer sha256:aaaaaaaaaaaa) is a program for amd64, the image is for riscv64
        allowed: /data is a program for amd64 (test data)
        To do: do not run it: take another image, or say in the configuration how the board gets it (\`images\`); files that are meant go into \`audit.allow\`.
      docker.io/library/away:1: could not be looked at: registry https://registry.example: it does not answer.
        To do: see to that and ask again.

      1 of 5 images fit, 3 do not, 1 could not be looked at; 2.5 MB read"
    `);
  });

  it("says that there is nothing", () => expect(auditText([], scope, plain)).toBe("There are no images."));
});

describe("auditExitCode", () => {
  it.each<[string[], number]>([
    [[], 0],
    [["fits"], 0],
    [["fits", "error"], 1],
    [["fits", "absent"], 8],
    [["platform"], 8],
    [["programs", "error"], 8],
  ])("%j is %d", (names, expected) => expect(auditExitCode(some(...names))).toBe(expected));
});

describe("auditDocument", () => {
  it("has the same for machines", () => {
    const document = auditDocument(all, scope);
    expect(document).toMatchObject({
      platform: "linux/riscv64",
      pageSize: 4096,
      summary: { fit: 1, unfit: 3, notKnown: 1, bytesRead: 2_500_000 },
      images: [
        { name: "docker.io/library/good:1", strategy: "mirror", verdict: "fits", programs: 3 },
        { verdict: "absent" },
        { verdict: "platform", platforms: ["linux/amd64", "linux/arm64"] },
        { verdict: "programs", problems: [problem] },
        { verdict: "error", says: "could not be looked at: registry https://registry.example: it does not answer." },
      ],
    });
  });
});

it("tells machines which images cannot be had", () => {
  const refused = new UnfitImages("one image cannot be had for linux/riscv64", ["a/b:1: …"]);
  expect(refusedDocument(refused, { platform: "linux/riscv64", pageSize: 4096 })).toEqual({
    platform: "linux/riscv64",
    pageSize: 4096,
    refused: { what: "one image cannot be had for linux/riscv64", problems: ["a/b:1: …"] },
  });
});
