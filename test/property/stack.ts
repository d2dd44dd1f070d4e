import { dirname } from "node:path";
import type { EngineEvent, Stack } from "@pulumi/pulumi/automation";
import { RunRecord } from "../../cli/events/record";
import { agreedVariable } from "../../provider/announcements";
import { removalNotes } from "../../provider/types";
import { inlineStack } from "../provider/inline-stack";
import type { PropertyBoard } from "./board";
import type { Configuration } from "./configuration";
import { emptyConfiguration, filePath, unitName } from "./configuration";
import { makeResources, systemUnit } from "./program";
import { parseSnapshot, snapshotScript, type Snapshot } from "./snapshot";

/** A board with a stack whose configuration changes. */
export class PropertyStack {
  private constructor(
    private readonly board: PropertyBoard,
    private readonly stack: Stack,
    private readonly wanted: { configuration: Configuration },
  ) {}

  /** Gives a board what is there before us, and opens a stack on it. The board is the stack's from now on. */
  static async on(board: PropertyBoard): Promise<PropertyStack> {
    const { scratch } = board;
    const there = filePath("there-before", 1);
    await board.sh(`mkdir -p ${dirname(there)} && echo 'not ours' >${there} && chmod 0600 ${there}
cat >/usr/lib/systemd/system/${unitName("system")}.service <<'EOT'
${systemUnit}EOT
systemctl daemon-reload
systemctl enable -q --now ${unitName("system")}.service`);
    const wanted = { configuration: emptyConfiguration };
    // The engine's SDK takes plain objects only.
    const connection = JSON.parse(JSON.stringify(board.connection)) as typeof board.connection;
    const program = () => {
      makeResources(wanted.configuration, connection, scratch);
      return Promise.resolve();
    };
    const stack = await inlineStack(scratch, program);
    return new PropertyStack(board, stack, wanted);
  }

  /**
   * One pass of the engine over a configuration, with what its events told.
   *
   * @param preview - what an `up` is held to.
   */
  async pass(operation: "preview" | "up", configuration: Configuration, preview?: RunRecord): Promise<RunRecord> {
    this.wanted.configuration = configuration;
    const { envVars } = this.stack.workspace;
    if (preview === undefined) Reflect.deleteProperty(envVars, agreedVariable);
    else envVars[agreedVariable] = JSON.stringify(preview.interruptions);
    const record = new RunRecord(removalNotes);
    const onEvent = (event: EngineEvent) => void record.apply(event);
    const options = { onEvent, parallel: 64, refresh: true, color: "never" as const };
    try {
      await this.stack[operation](options);
    } catch (error) {
      const said = record.diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => message);
      throw new Error(`${operation} failed: ${said.join("; ") || String(error)}`, { cause: error });
    }
    return record;
  }

  /** Looks at all of the board. */
  async snapshot(): Promise<Snapshot> {
    return parseSnapshot(await this.board.sh(snapshotScript));
  }

  /** What a hand does on the board. */
  async byHand(script: string): Promise<void> {
    await this.board.sh(`{ ${script}\n} 2>/dev/null || :`);
  }

  end(): Promise<void> {
    return this.board.end();
  }
}
