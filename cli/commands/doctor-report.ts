import type { Facts } from "../../doctor/facts";
import type { Finding } from "../../doctor/findings";
import { twoViews } from "../../doctor/pods";
import { table } from "../demo/tables";
import { exitCode, type ExitCode } from "../errors";
import type { Paint } from "../events/lines";

const colours = { error: "red", warning: "yellow", note: "cyan" } as const;
/** Lines that hang on one finding and are shown. */
const hangsShown = 8;

/** 9 where there is an error or a warning; notes are no reason. Pure. */
export function doctorExitCode(findings: readonly Finding[]): ExitCode {
  return findings.some(({ severity }) => severity !== "note") ? exitCode.findings : exitCode.ok;
}

function boardLine({ host, k3s, board, took }: Facts): string {
  const parts = [
    host === undefined ? undefined : `${host.hostname}, ${host.machine}, ${host.os}, kernel ${host.kernel}`,
    k3s === undefined
      ? "no k3s"
      : `k3s ${k3s.version ?? "of unknown version"}${k3s.role === undefined ? "" : ` ${k3s.role}`}`,
    `asked in ${took} s`,
  ];
  return `${board}: ${parts.filter((part) => part !== undefined).join("; ")}`;
}

function findingText({ severity, id, sentence, evidence, remedy, hangs }: Finding, paint: Paint): string {
  const more = hangs.length - hangsShown;
  return [
    `${paint(colours[severity], severity)}: ${paint("bold", sentence)} ${paint("dim", `[${id}]`)}`,
    ...evidence.map((line) => paint("dim", `    ${line}`)),
    ...(hangs.length > 0 ? ["  hangs on it:"] : []),
    ...hangs.slice(0, hangsShown).map((line) => `    ${line}`),
    ...(more > 0 ? [`    and ${more} more`] : []),
    `  ${paint("green", "remedy")}: ${remedy}`,
  ].join("\n");
}

/** What the doctor says to a person. Pure. */
export function doctorText(facts: Facts, findings: readonly Finding[], paint: Paint): string {
  const pods = twoViews(facts);
  const count = (severity: Finding["severity"]) => findings.filter((one) => one.severity === severity).length;
  const sums = (["error", "warning", "note"] as const)
    .filter((severity) => count(severity) > 0)
    .map((severity) => `${count(severity)} ${severity}${count(severity) === 1 ? "" : "s"}`);
  const blind = facts.unseen.map(({ what, why }) => `  ${what}: ${why}`);
  return [
    boardLine(facts),
    ...(pods.length > 0
      ? [
          table(
            ["POD", "KUBECTL", "CRICTL SANDBOX", "CRICTL CONTAINERS", ""],
            pods.map(({ pod, kubectl, sandbox, containers, meaning }) => [pod, kubectl, sandbox, containers, meaning]),
          ),
        ]
      : []),
    ...(blind.length > 0 ? [`could not be seen:\n${blind.join("\n")}`] : []),
    ...findings.map((finding) => findingText(finding, paint)),
    sums.length > 0 ? sums.join(", ") : "nothing is wrong as far as can be seen",
  ].join("\n\n");
}

/** The same as a JSON document, with the facts that it rests on left to the bundle. Pure. */
export function doctorDocument(facts: Facts, findings: readonly Finding[]): object {
  const { board, at, took, host, k3s, unseen } = facts;
  return {
    board,
    at: new Date(at * 1000).toISOString(),
    tookSeconds: took,
    host,
    k3s: k3s === undefined ? undefined : { version: k3s.version, role: k3s.role },
    findings,
    pods: twoViews(facts),
    unseen,
  };
}
