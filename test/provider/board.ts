import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startNspawnBoard, type NspawnBoard } from "../../emulator/nspawn";
import type { Context, ResourceType } from "../../provider/resource";
import { sampleContext } from "../../provider/sample-context";
import type { Board } from "../../provider/ssh/board";
import { Boards } from "../../provider/ssh/boards";
import { connectionArgs, type Connection } from "../../provider/ssh/connection-args";

/** A real board for the tests of one file, and the provider's view of it. */
export interface TestBoard {
  readonly nspawn: NspawnBoard;
  readonly connection: Connection;
  readonly board: Board;
  /** What resource types are given; messages go to `said`. */
  readonly context: Context;
  readonly said: string[];
  /** A directory on this machine. */
  readonly scratch: string;
  /** Runs a script on the board and gives what it printed; a failure is an error. */
  sh(script: string): Promise<string>;
  /** Another connection than that of `board`, as another process would have it. */
  another(changes?: Partial<Connection>): { board: Board; context: Context; close(): void };
  end(): Promise<void>;
}

/** Packages of a board with firewalls and with the tools of other distributions: one system for all tests that need some of it. */
export const furtherPackages = ["firewalld", "ufw", "dnf", "createrepo-c", "rpm"];

/** Starts a systemd-nspawn board; `capabilities` and `further` packages as in {@link startNspawnBoard}. */
export async function startTestBoard(
  name: string,
  capabilities: readonly string[] = [],
  further: readonly string[] = [],
): Promise<TestBoard> {
  const nspawn = await startNspawnBoard(name, undefined, capabilities, further);
  const connection = connectionArgs.parse({
    host: nspawn.host,
    port: nspawn.port,
    user: nspawn.user,
    identity: nspawn.identity,
    hostKeys: nspawn.hostKeys,
  });
  const said: string[] = [];
  const all: Boards[] = [];
  const open = (changes: Partial<Connection> = {}) => {
    const boards = new Boards();
    all.push(boards);
    const context = sampleContext({}, said, {
      urn: `urn:pulumi:test::test::board:index:Test::${name}`,
      board: (wanted) => Promise.resolve(boards.at({ ...wanted, ...changes })),
      mask: (text) => text.replaceAll("s3cret-token", "***"),
    });
    return { boards, context, board: boards.at({ ...connection, ...changes }), close: () => boards.close() };
  };
  const { context, board } = open();
  const scratch = mkdtempSync(join(tmpdir(), "k3s-board-test-"));
  return {
    nspawn,
    connection,
    board,
    context,
    said,
    scratch,
    sh: async (script) => {
      const result = await board.run(script, { purpose: "running a test's script", timeoutSeconds: 120 });
      if (result.code !== 0) throw new Error(`exit ${result.code}: ${result.stderr}\n${script}`);
      return result.stdout.trim();
    },
    another: open,
    end: async () => {
      for (const boards of all) boards.close();
      rmSync(scratch, { recursive: true });
      await nspawn.stop();
    },
  };
}

/** Inputs as the engine would hand them to create: parsed, defaults filled in, checked. */
export async function checked<Inputs extends object, State extends Inputs>(
  type: ResourceType<Inputs, State>,
  given: object,
): Promise<Inputs> {
  const parsed = type.inputs.parse(given);
  const { inputs, problems } = (await type.check?.(parsed, undefined)) ?? { inputs: parsed, problems: [] };
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  return inputs;
}

/** The message of an error that must come. */
export async function failure(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => {
      throw new Error("it succeeded");
    },
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}
