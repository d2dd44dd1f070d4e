import { beforeEach, describe, expect, it, vi } from "vitest";
import { sampleContext } from "../sample-context";
import { BoardError } from "../ssh/board-error";
import { connectionArgs } from "../ssh/connection-args";
import { reboot } from "./reboot";
import type { Boot } from "./reboot-reasons";

/** What the board says of itself, and what becomes of a reboot. */
let boot: Boot;
let end: () => Promise<void>;
vi.mock("./reboot-reasons", async (original) => ({
  ...(await original<object>()),
  readBoot: () => Promise.resolve(boot),
}));
vi.mock("./reboot-wait", () => ({
  sendReboot: () => Promise.resolve(),
  waitForBoot: () => end(),
  forgetReboot: () => Promise.resolve(),
}));

const context = sampleContext({ label: "root@board.example:22" });
const connection = connectionArgs.parse({ host: "board.example", hostKeys: ["ssh-ed25519 AAAA"] });
const wanted = reboot.inputs.parse({ connection, consent: "allowed", forUpdates: true });
const running = (bootId: string, changes: Partial<Boot> = {}): Boot => ({
  bootId,
  running: {},
  controllers: [],
  ...changes,
});

beforeEach(() => {
  end = () => {
    boot = running("boot-2");
    return Promise.resolve();
  };
});

const interruptionNotes = vi.fn((..._args: unknown[]) => Promise.resolve(["noted"]));
vi.mock("../kubernetes/interruption", async (original) => ({
  ...(await original<object>()),
  interruptionNotes: (...args: unknown[]) => interruptionNotes(...args),
}));

describe("Reboot", () => {
  it("asks the node's cluster what runs there, from the board that reaches it", async () => {
    const server = { label: "root@server.example:22" };
    const cluster = { connection, kubeconfig: "/etc/rancher/k3s/k3s.yaml", node: "w1" };
    const asking = sampleContext(server);
    expect(await reboot.consequences?.(asking, { ...wanted, cluster }, () => false)).toEqual(["noted"]);
    expect(interruptionNotes).toHaveBeenCalledWith(
      { board: server, kubeconfig: "/etc/rancher/k3s/k3s.yaml", name: "w1" },
      "reboot",
    );
  });

  it("knows the boot that it ended, also after the next looks", async () => {
    boot = running("boot-1", { required: "linux-image" });
    const { state } = await reboot.create(context, wanted);
    expect(state).toMatchObject({ rebooted: "boot-2", formerBoot: "boot-1" });
    const found = await reboot.read(context, "reboot", state);
    expect(found).toMatchObject({ state: { rebooted: "boot-2", formerBoot: "boot-1" } });
    expect(await reboot.update(context, "reboot", state, wanted)).toMatchObject({ formerBoot: "boot-1" });
  });

  it("knows it of a reboot whose end no run has seen, and knows none before the first", async () => {
    boot = running("boot-1");
    const { state } = await reboot.create(context, wanted);
    expect(state).toMatchObject({ rebooted: "", formerBoot: "" });
    boot = running("boot-1", { required: "linux-image" });
    end = () => Promise.reject(new BoardError("timeout", "root@board.example:22", "it does not come back"));
    await expect(reboot.update(context, "reboot", state, wanted)).rejects.toMatchObject({ state: { formerBoot: "" } });
    boot = running("boot-2", { record: { bootId: "boot-1", reasons: ["updates of linux-image ask for it"] } });
    expect(await reboot.update(context, "reboot", state, wanted)).toMatchObject({
      rebooted: "boot-2",
      formerBoot: "boot-1",
    });
  });
});
