import { describe, expect, it } from "vitest";
import { connectionArgs } from "../ssh/connection-args";
import { k3sData } from "./k3s-data";

const connection = connectionArgs.parse({ host: "board.example", hostKeys: ["ssh-ed25519 AAAA"] });
const data = (dataDir?: string) => k3sData.inputs.parse({ connection, dataDir });

describe("k3s's data directory", () => {
  it("is refused as another one while the stack is there: what is in the first would be taken away for it", async () => {
    const checked = await k3sData.check?.(data("/mnt/ssd/k3s"), data());
    expect(checked?.problems).toEqual([
      {
        property: "dataDir",
        reason: expect.stringMatching(
          /^k3s does not move its data from \/var\/lib\/rancher\/k3s to \/mnt\/ssd\/k3s.*destroy -- --keep-data/,
        ) as string,
      },
    ]);
  });

  it("may be any in a new stack, and stay what it is", async () => {
    const problems = async (dataDir: string, old?: string) =>
      (await k3sData.check?.(data(dataDir), old === undefined ? undefined : data(old)))?.problems;
    expect(await problems("/mnt/ssd/k3s")).toEqual([]);
    expect(await problems("/mnt/ssd/k3s", "/mnt/ssd/k3s")).toEqual([]);
    // a state of before the path was cleaned
    expect(await problems("/mnt/ssd/k3s", "/mnt/ssd/k3s/")).toEqual([]);
    const difference = k3sData.diff({ ...data("/mnt/ssd/k3s/"), ours: [] }, data("/mnt/ssd/k3s"), () => false);
    expect(difference).toEqual({ changed: [], replaces: [] });
  });
});
