import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diagnose } from "../diagnose";
import { captured, healthy, podOf } from "../fixtures/healthy";
import { escape, html } from "./html";
import { shownImages } from "./images";
import { doctorPage } from "./page";
import { areaStates } from "./states";

describe("html", () => {
  it("escapes texts, takes pieces and lists as they are", () => {
    const piece = html`<b>${"<i>"}</b>`;
    expect(html`<p title="${`"'&`}">${[piece, 1, undefined]}</p>`.text).toBe(
      '<p title="&quot;&#39;&amp;"><b>&lt;i&gt;</b>1</p>',
    );
  });
  it("lets no text become markup", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => !/[<>"']/.test(escape(text))));
  });
  it("shows what is no character, or turns the direction of reading", () => {
    expect(escape("a\u0000\u202eb\n")).toBe("a\ufffd\ufffdb\n");
  });
});

describe("doctorPage", () => {
  const facts = captured("container-image-manifest-lies-and-path");
  const page = doctorPage(facts, diagnose(facts));

  it("stands for itself: no script, no address, no resource of anywhere", () => {
    expect(page).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|\ssrc=|\shref=|\son\w+=|javascript:/i);
  });
  it("allows its own style sheet and nothing else", () => {
    const style = /<style>([^]*?)<\/style>/.exec(page)?.[1] ?? "";
    const checksum = createHash("sha256").update(style).digest("base64");
    expect(page).toContain(`default-src &#39;none&#39;; style-src &#39;sha256-${checksum}&#39;`);
    expect(page).not.toMatch(/\sstyle=/);
  });
  it("escapes whatever a board says, wherever it stands", () => {
    const evil = `</title></style><script>alert(1)</script>"onload='x`;
    const poisoned = JSON.parse(
      JSON.stringify(facts, (_key, value: unknown) => (typeof value === "string" ? `${value}${evil}` : value)),
    ) as typeof facts;
    expect(doctorPage(poisoned, diagnose(facts))).not.toContain("<script");
    const findings = diagnose(facts).map((one) => ({
      ...one,
      sentence: evil,
      remedy: evil,
      evidence: [evil],
      hangs: [evil],
    }));
    expect(doctorPage(facts, findings)).not.toContain("<script");
  });
  it("says of a healthy board that nothing is wrong", () => {
    expect(doctorPage(healthy(), [])).toContain("Nothing is wrong as far as can be seen");
    expect(doctorPage({ ...healthy(), unseen: [{ what: "iptables", why: "no answer" }] }, [])).toContain(
      "Could not be seen",
    );
  });
  it("can be made of a board of which nothing was seen", () => {
    const { format, board, at, took } = healthy();
    const blind = { format, board, at, took, unseen: [], journal: {}, podLogs: [] };
    expect(doctorPage(blind, [])).toContain("not seen");
  });
});

describe("shownImages", () => {
  const facts = captured("container-image-manifest-lies-and-path");
  const states = (name: string) => {
    const shown = shownImages(captured(name), diagnose(captured(name)));
    return Object.fromEntries(shown.map((image) => [image.name.replace(/^docker.io\//, ""), image.state]));
  };

  it("tells what fits, what only says so, and what is asked for and not there", () => {
    expect(states("container-image-manifest-lies-and-path")).toEqual({
      "library/not-imported:1": "absent",
      "rancher/local-path-provisioner:v0.0.37": "absent",
      "rancher/mirrored-coredns-coredns:1.14.6": "absent",
      "library/hello-lying:1": "lies",
      "library/hello-nopath:1": "fits",
      "library/hello:1": "fits",
      "rancher/mirrored-pause:3.10.2": "fits",
    });
    expect(states("pause-image-wrong-architecture")["rancher/mirrored-pause:3.10.2"]).toBe("differs");
  });
  it("puts what is wrong first, and the board's own platform before others", () => {
    const [first] = shownImages(facts, []);
    expect(first).toMatchObject({ state: "absent", pods: ["default/not-imported"] });
    const image = { name: "a/b:1", digest: "sha256:1", pinned: true, platforms: ["linux/amd64", "linux/riscv64"] };
    expect(shownImages({ ...healthy(), images: [image], pods: [] }, [])[0]?.platforms[0]).toBe("linux/riscv64");
  });
});

describe("areaStates", () => {
  const tones = (facts: Parameters<typeof areaStates>[0]) =>
    Object.fromEntries(areaStates(facts, diagnose(facts)).map(({ area, tone }) => [area, tone]));

  it("a fault shows where its root lies", () => {
    const { storage } = healthy();
    const full = {
      ...healthy(),
      storage: { ...storage!, disks: [{ mount: "/", usedPercent: 100, availableBytes: 0 }] },
    };
    expect(tones(full)).toMatchObject({ board: "error", services: "ok", pods: "ok" });
    expect(tones({ ...healthy(), pods: undefined, nodes: undefined })).toMatchObject({ pods: "unseen" });
  });
  it("says how many pods are well", () => {
    const facts = { ...healthy(), pods: [podOf(), { ...podOf({ name: "x" }), phase: "Succeeded", ready: false }] };
    expect(areaStates(facts, []).find(({ area }) => area === "pods")?.words).toBe("2 of 2 are well");
  });
});
