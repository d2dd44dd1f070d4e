import type { AuditedSubject } from "../../components/images/audit/subjects";
import { table } from "../demo/tables";
import type { UnfitImages } from "../../components/images/unfit-images";
import { exitCode, type ExitCode } from "../errors";
import type { Paint } from "../events/lines";

/** What an audit as a whole was for. */
export interface AuditScope {
  /** `linux/riscv64`. */
  readonly platform: string;
  /** In bytes. */
  readonly pageSize: number;
}

/** One line of the answer: what it is, and what to do about it. Pure. */
export interface Answer {
  readonly verdict: "fits" | "absent" | "platform" | "programs" | "error";
  readonly says: string;
  /** What to do; nothing where all is well. */
  readonly remedy?: string;
}

const sayHow = "say in the configuration how the board gets it (`images`)";

/** Puts a result into words. */
export function answerOf(subject: AuditedSubject, platform: string): Answer {
  if ("error" in subject) {
    return { verdict: "error", says: `could not be looked at: ${subject.error}`, remedy: "see to that and ask again" };
  }
  const { verdict, platforms, problems, allowed } = subject.audit;
  switch (verdict) {
    case "fits":
      return { verdict, says: allowed.length > 0 ? `fits, with ${count(allowed.length, "file")} allowed` : "fits" };
    case "absent":
      return { verdict, says: "there is no such tag", remedy: `correct the name or the tag, or ${sayHow}` };
    case "platform":
      return {
        verdict,
        says: `not for ${platform}: the tag has ${platforms.join(", ") || "no platforms"}`,
        remedy: `take a tag or an image that has it, or ${sayHow}`,
      };
    case "programs":
      return {
        verdict,
        says: `says ${platform} and is not: ${count(problems.length, "problem")}`,
        remedy: `do not run it: take another image, or ${sayHow}; files that are meant go into \`audit.allow\``,
      };
  }
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

/** The exit code: an image that does not fit is certain, whatever else could not be asked. Pure. */
export function auditExitCode(subjects: readonly AuditedSubject[]): ExitCode {
  if (subjects.some((subject) => "audit" in subject && subject.audit.verdict !== "fits")) return exitCode.unfit;
  return subjects.some((subject) => "error" in subject) ? exitCode.failed : exitCode.ok;
}

/** The report for people. Pure. */
export function auditText(subjects: readonly AuditedSubject[], scope: AuditScope, paint: Paint): string {
  if (subjects.length === 0) return "There are no images.";
  const planned = subjects.some((subject) => subject.planned);
  const headings = ["IMAGE", ...(planned ? ["STRATEGY"] : []), "PLATFORMS", "BOARD", "PROGRAMS", "VERDICT"];
  const rows = subjects.map((subject) => {
    const answer = answerOf(subject, scope.platform);
    const audit = "audit" in subject ? subject.audit : undefined;
    const colour = answer.verdict === "fits" ? "green" : answer.verdict === "error" ? "yellow" : "red";
    return [
      subject.name,
      ...(planned ? [subject.planned?.strategy ?? "keep"] : []),
      audit?.platforms.join(",") || "-",
      audit === undefined ? "?" : audit.platformDigest === undefined ? "no" : "yes",
      audit?.platformDigest === undefined ? "-" : String(audit.programs),
      // Last, so that invisible characters do not shift a column.
      paint(colour, verdictWord(answer)),
    ];
  });
  const details = subjects.flatMap((subject) => detailLines(subject, scope.platform));
  const plans = subjects.flatMap(({ name, planned: plan }) =>
    plan ? [`  ${name}: ${plan.strategy}, ${plan.reason}`] : [],
  );
  return [
    `Images for ${scope.platform} with memory pages of ${scope.pageSize} bytes:`,
    table(headings, rows),
    ...(plans.length > 0 ? ["", "How the board gets them:", ...plans] : []),
    ...(details.length > 0 ? ["", ...details] : []),
    "",
    closing(subjects),
  ].join("\n");
}

function verdictWord({ verdict, says }: Answer): string {
  return {
    fits: says,
    absent: "absent",
    platform: "other platforms only",
    programs: "wrong programs",
    error: "not known",
  }[verdict];
}

function detailLines(subject: AuditedSubject, platform: string): string[] {
  const { says, remedy } = answerOf(subject, platform);
  const allowed =
    "audit" in subject ? subject.audit.allowed.map(({ message, reason }) => `  allowed: ${message} (${reason})`) : [];
  if (remedy === undefined && allowed.length === 0) return [];
  const problems = "audit" in subject ? subject.audit.problems.map(({ message }) => `  ${message}`) : [];
  const asked = subject.askedBy === undefined ? "" : ` (asked for by ${subject.askedBy})`;
  return [
    `${subject.name}${asked}: ${says}`,
    ...problems,
    ...allowed,
    ...(remedy === undefined ? [] : [`  To do: ${remedy}.`]),
  ];
}

function closing(subjects: readonly AuditedSubject[]): string {
  const audits = subjects.flatMap((subject) => ("audit" in subject ? [subject.audit] : []));
  const fit = audits.filter(({ verdict }) => verdict === "fits").length;
  const unknown = subjects.length - audits.length;
  const parts = [
    `${fit} of ${count(subjects.length, "image")} fit`,
    ...(audits.length > fit ? [`${audits.length - fit} ${audits.length - fit === 1 ? "does" : "do"} not`] : []),
    ...(unknown > 0 ? [`${unknown} could not be looked at`] : []),
  ];
  const read = audits.reduce((sum, { bytesRead }) => sum + bytesRead, 0);
  return `${parts.join(", ")}; ${(read / 1e6).toFixed(1)} MB read`;
}

/** The report for machines. Pure. */
export function auditDocument(subjects: readonly AuditedSubject[], scope: AuditScope): object {
  const images = subjects.map(({ name, askedBy, planned, ...rest }) => {
    const { verdict, says, remedy } = answerOf({ name, ...rest }, scope.platform);
    const audit = "audit" in rest ? rest.audit : {};
    return { name, askedBy, ...planned, ...audit, verdict, says, remedy };
  });
  const number = (wanted: (verdict: Answer["verdict"]) => boolean) =>
    images.filter(({ verdict }) => wanted(verdict)).length;
  return {
    ...scope,
    summary: {
      fit: number((verdict) => verdict === "fits"),
      unfit: number((verdict) => verdict !== "fits" && verdict !== "error"),
      notKnown: number((verdict) => verdict === "error"),
      bytesRead: subjects.reduce((sum, subject) => sum + ("audit" in subject ? subject.audit.bytesRead : 0), 0),
    },
    images,
  };
}

/** The report for machines where the stack's plan is refused, so that no image was looked at. Pure. */
export function refusedDocument({ what, problems }: UnfitImages, scope: AuditScope): object {
  return { ...scope, refused: { what, problems } };
}
