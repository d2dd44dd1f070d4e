import { describe, expect, it } from "vitest";
import { planSetting } from "../plan";
import { dnfFile, dnfProxy, editDnfProxy, parseDnfProxy } from "./dnf-proxy";

const usual = "[main]\ngpgcheck=1\n\n[other]\nproxy=http://other\n";

describe("dnf.conf", () => {
  it.each([
    ["", undefined, "[main]\nproxy=http://p:1\n"],
    [usual, undefined, "[main]\nproxy=http://p:1\ngpgcheck=1\n\n[other]\nproxy=http://other\n"],
    ["[main]\nproxy = http://old\nbest=1", "http://old", "[main]\nproxy=http://p:1\nbest=1"],
  ])("%j has the proxy in its main section", (text, old, edited) => {
    expect(parseDnfProxy(text)).toBe(old);
    expect(editDnfProxy(text, "http://p:1")).toBe(edited);
    expect(parseDnfProxy(edited)).toBe("http://p:1");
  });
});

describe("the proxy of dnf", () => {
  const seen = (now: string, before: string) => ({
    files: { [dnfFile]: now },
    originals: { [dnfFile]: before },
    output: "",
    before: {},
    unfinished: false,
  });

  it("is the user's own again behind us, in a file that somebody has changed too", () => {
    const before = "[main]\nproxy=http://theirs\n";
    const ours = { proxy: "http://p:1" };
    expect(planSetting(dnfProxy, {}, ours, seen("[main]\nproxy=http://p:1\n", before)).edits).toEqual({
      [dnfFile]: before,
    });
    expect(planSetting(dnfProxy, {}, ours, seen("[main]\nproxy=http://p:1\nbest=1\n", before)).edits).toEqual({
      [dnfFile]: "[main]\nproxy=http://theirs\nbest=1\n",
    });
  });

  it("holds no login", () => {
    expect(dnfProxy.problems?.({ proxy: "http://me:secret@proxy:3128" })).toMatchObject([{ property: "values.proxy" }]);
    expect(dnfProxy.problems?.({ proxy: "http://proxy:3128" })).toEqual([]);
  });
});
