import { describe, expect, it } from "vitest";
import { sampleContext } from "../sample-context";
import { registryImage } from "./registry-image";
import { registryImageInputs, type RegistryImageInputs } from "./schema";

const inputs = (more: object = {}): RegistryImageInputs =>
  registryImageInputs.parse({
    connection: { host: "board", hostKeys: ["ssh-ed25519 AAAA"] },
    registry: { url: "http://127.0.0.1:5000", throughBoard: true },
    repository: "rancher/mirrored-pause",
    tag: "3.10.2",
    digest: `sha256:${"a".repeat(64)}`,
    layout: "/nowhere",
    ...more,
  });
const diff = (wanted: RegistryImageInputs) => registryImage.diff(inputs(), wanted, () => false);

describe("RegistryImage", () => {
  it("changes nothing for the same image elsewhere on this machine", () => {
    expect(diff(inputs({ layout: "/elsewhere" }))).toEqual({ changed: [], replaces: [], notes: [] });
  });

  it("moves a tag in place, and says so", () => {
    expect(diff(inputs({ digest: `sha256:${"b".repeat(64)}` }))).toEqual({
      changed: ["digest"],
      replaces: [],
      notes: [
        "rancher/mirrored-pause:3.10.2: aaaaaaaaaaaa becomes bbbbbbbbbbbb; pods keep what they run until they are made anew",
      ],
    });
  });

  it("takes new credentials over without a push, and replaces for another registry or name", () => {
    const registry = { url: "http://127.0.0.1:5000", throughBoard: true, username: "u", password: "p" };
    expect(diff(inputs({ registry }))).toMatchObject({ changed: ["registry"], replaces: [] });
    expect(diff(inputs({ registry: { url: "https://other.example" } }))).toMatchObject({
      changed: [],
      replaces: ["registry"],
    });
    expect(diff(inputs({ tag: "4" }))).toMatchObject({ replaces: ["tag"] });
  });

  it("changes nothing for the same image from elsewhere", () => {
    const upstream = { registry: { url: "https://registry-1.docker.io" }, repository: "rancher/mirrored-pause" };
    expect(diff(inputs({ layout: undefined, upstream }))).toEqual({ changed: [], replaces: [], notes: [] });
  });

  it("wants a layout or an upstream, not both and not neither", async () => {
    const upstream = { registry: { url: "https://registry-1.docker.io" }, repository: "rancher/mirrored-pause" };
    for (const wrong of [inputs({ upstream }), inputs({ layout: undefined })]) {
      const checked = await registryImage.check?.(wrong, undefined);
      expect(checked?.problems).toEqual([{ property: "layout", reason: "expected either `layout` or `upstream`" }]);
    }
    expect((await registryImage.check?.(inputs({ layout: undefined, upstream }), undefined))?.problems).toEqual([]);
  });

  it("is taken as unchanged while an external registry does not answer, and does not hold up its own end", async () => {
    const said: string[] = [];
    const context = sampleContext({}, said);
    const gone = inputs({ registry: { url: "http://127.0.0.1:1" } });
    expect(await registryImage.read(context, "", gone)).toEqual({ state: gone, inputs: gone });
    await registryImage.delete(context, "", gone);
    expect(said).toEqual([
      expect.stringMatching(
        /^warning: registry .*127\.0\.0\.1:1.* rancher\/mirrored-pause:3\.10\.2 is taken as unchanged\.$/,
      ),
      expect.stringMatching(/^warning: rancher\/mirrored-pause:3\.10\.2 is not removed: registry /),
    ]);
    await expect(registryImage.update(context, "", gone, gone)).rejects.toMatchObject({ trouble: "unreachable" });
  });

  it("refuses a layout that is not there", async () => {
    const checked = await registryImage.check?.(inputs(), undefined);
    expect(checked?.problems).toMatchObject([{ property: "layout" }]);
    expect(checked?.problems[0]?.reason).toContain("/nowhere is not a whole OCI layout");
  });
});
