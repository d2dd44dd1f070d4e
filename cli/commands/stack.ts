import type { UpdateSummary } from "@pulumi/pulumi/automation";
import { terminalProgress } from "../../tools/progress";
import { Engine } from "../engine/engine";
import type { Project } from "../engine/project";
import { exitCode, type ExitCode } from "../errors";
import { shortType } from "../events/lines";
import { urnName } from "../events/record";
import { streamsFor, type CommonFlags } from "./output";
import { outputLines, plainOutputs } from "./report";
import { parseState } from "../engine/pending";

/** Options of {@link showStack}. */
export interface StackFlags extends CommonFlags {
  readonly showSecrets: boolean;
}

/** Shows outputs, resources and the last update of a stack, from its state; the board is not contacted. */
export async function showStack(project: Project, flags: StackFlags): Promise<ExitCode> {
  const { human, result } = streamsFor(flags);
  const say = (text: string) => void human.write(`${text}\n`);
  const options = { progress: terminalProgress(process.stderr), say, missing: "refuse", checkConfig: false } as const;
  return Engine.open(project, flags.stack, options, async (engine) => {
    const outputs = plainOutputs(await engine.stack.outputs(), flags.showSecrets);
    const state = parseState(await engine.cli("reading the state", ["stack", "export"]));
    const resources = (state.deployment.resources ?? [])
      .filter(({ custom, type }) => custom === true && !String(type).startsWith("pulumi:"))
      .map((resource) => ({ urn: resource.urn, type: String(resource.type), name: urnName(resource.urn) }));
    const last = await engine.stack.info(false);
    if (flags.json) {
      result.write(
        `${JSON.stringify({ stack: flags.stack, backend: engine.backend.url, outputs, resources, lastUpdate: last && lastUpdate(last) }, undefined, 2)}\n`,
      );
      return exitCode.ok;
    }
    say(`Stack ${flags.stack} in ${engine.backend.url}`);
    say(last ? `Last update: ${lastUpdateLine(last)}` : "Not updated yet");
    say(`Resources (${resources.length}):`);
    for (const { type, name } of resources) say(`  ${shortType(type).padEnd(18)} ${name}`);
    const lines = outputLines(outputs);
    if (lines.length > 0) say(["Outputs:", ...lines].join("\n"));
    return exitCode.ok;
  });
}

function lastUpdate(update: UpdateSummary) {
  const { kind, result, startTime, endTime, resourceChanges } = update;
  return { kind, result, startTime, endTime, resourceChanges };
}

/** `up succeeded at 2026-01-01 10:00:00 UTC`. Pure. */
export function lastUpdateLine({
  kind,
  result,
  endTime,
  startTime,
}: Pick<UpdateSummary, "kind" | "result" | "endTime" | "startTime">): string {
  const at = new Date(endTime ?? startTime).toISOString().replace("T", " ").replace(/\..*$/, " UTC");
  return `${kind === "update" ? "up" : kind} ${result} at ${at}`;
}
