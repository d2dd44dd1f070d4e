import { expect, it } from "vitest";
import { PartialFailure } from "../resource";
import { sampleContext } from "../sample-context";
import { BoardError } from "../ssh/board-error";
import { connectionArgs } from "../ssh/connection-args";
import { hostsFile } from "./kinds/hosts";
import { setting } from "./setting";

it("remembers after an update that broke off what it still has to take back", async () => {
  const connection = connectionArgs.parse({ host: "h", hostKeys: ["ssh-ed25519 AAAA"] });
  const given = (values: Record<string, string>) => setting.inputs.parse({ connection, kind: "hosts", values });
  const text = "127.0.0.1 localhost\n# begin k3s-board\n192.0.2.8 old.lan\n# end k3s-board\n";
  const content = Buffer.from(text);
  const board = {
    label: "root@board:22",
    ask: () => Promise.resolve({ code: 0, stdout: "", stderr: "" }),
    file: (path: string) => Promise.resolve(path === hostsFile ? { kind: "file", content } : { kind: "absent" }),
    run: () => Promise.reject(new BoardError("broken", "root@board:22", "the connection broke")),
  };
  const context = sampleContext(board);
  const former = { "192.0.2.8": "old.lan" };
  const found = await setting.read(context, "hosts", { ...given(former), ours: former } as never);
  const wanted = given({ "192.0.2.7": "new.lan" });
  const failed = await setting.update(context, "hosts", found?.state as never, wanted).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(PartialFailure);
  const { state } = failed as PartialFailure;
  expect(state).toMatchObject({ values: wanted.values, ours: { ...former, ...wanted.values } });
});
