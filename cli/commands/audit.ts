import { architectures, type Architecture } from "../../components/board/architecture";
import { auditSubjects, subjectOf, type Subject } from "../../components/images/audit/subjects";
import { platformText } from "../../components/images/audit/platforms";
import { linux } from "../../components/images/image";
import { UnfitImages } from "../../components/images/unfit-images";
import { stackAudit, type StackAudit, type SubjectsArgs } from "../../stacks/audit";
import { ConfigError } from "../../stacks/config";
import { terminalProgress } from "../../tools/progress";
import { Engine } from "../engine/engine";
import type { Project } from "../engine/project";
import { ExpectedError, UsageError, type ExitCode } from "../errors";
import { paintFor } from "../events/view";
import { auditDocument, auditExitCode, auditText, refusedDocument } from "./audit-report";
import { streamsFor, type CommonFlags } from "./output";
import { requireServer } from "./server-needed";

/** Options of {@link audit}. */
export interface AuditFlags extends CommonFlags {
  /** Architecture of the board, instead of what the stack says. */
  readonly arch?: string;
  /** Page size of the board's kernel in bytes. */
  readonly pageSize: string;
  /** Whether the stack was named on the command line. */
  readonly stackGiven: boolean;
}

/**
 * Audits images, and shows what they are. Without any, those of the stack.
 *
 * @param images - image names, and paths of OCI layouts and archives, against the directory that the command was started in.
 * @throws UsageError for wrong options and a wrong configuration, manifests among it; UnfitImages where the stack's plan is refused; ExpectedError where its images cannot be made.
 */
export async function audit(project: Project, images: readonly string[], flags: AuditFlags): Promise<ExitCode> {
  const architecture = flags.arch === undefined ? undefined : knownArchitecture(flags.arch);
  const pageSize = knownPageSize(flags.pageSize);
  const given = images.map(subjectGiven);
  // For images by name on a board that is told, no stack is needed, and with it no engine and no passphrase.
  const alone = images.length > 0 && architecture !== undefined && !flags.stackGiven;
  const stack = alone ? undefined : await openStack(project, flags.stack);
  const progress = terminalProgress(process.stderr);
  const platform = linux(architecture ?? stack?.architecture ?? "riscv64");
  const scope = { platform: platformText(platform), pageSize };
  const { human, result } = streamsFor(flags);
  const tell = (document: object) => result.write(`${JSON.stringify(document, undefined, 2)}\n`);
  const subjects =
    images.length > 0
      ? given
      : await stackSubjects(stack, { pageSize, progress, say: sayAside }).catch((error: unknown) => {
          if (flags.json && error instanceof UnfitImages) tell(refusedDocument(error, scope));
          throw error;
        });
  const results = await auditSubjects(subjects, {
    platform,
    pageSize,
    registries: stack?.registries ?? {},
    allow: stack?.allow ?? [],
    progress,
  });
  if (flags.json) tell(auditDocument(results, scope));
  else human.write(`${auditText(results, scope, paintFor(human, flags.color))}\n`);
  return auditExitCode(results);
}

function knownArchitecture(text: string): Architecture {
  const known = architectures.find((architecture) => architecture === text);
  if (!known) throw new UsageError(`--arch ${text}: expected one of ${architectures.join(", ")}`);
  return known;
}

function knownPageSize(text: string): number {
  const size = Number(text);
  if (!Number.isInteger(size) || size < 4096 || size > 65536 || (size & (size - 1)) !== 0) {
    throw new UsageError(`--page-size ${text}: expected 4096, 8192, 16384, 32768 or 65536`);
  }
  return size;
}

function subjectGiven(text: string): Subject {
  try {
    // npm starts scripts in the project; the user may stand elsewhere.
    return subjectOf(text, process.env.INIT_CWD ?? process.cwd());
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function openStack(project: Project, name: string): Promise<StackAudit> {
  const options = { progress: terminalProgress(process.stderr), say: sayAside, missing: "create" } as const;
  return Engine.open(project, name, options, async (engine) => {
    const values = await engine.configValues();
    requireServer(name, values, "audit the stack of that cluster, or name images with --arch");
    return stackAudit(values);
  });
}

async function stackSubjects(stack: StackAudit | undefined, args: SubjectsArgs): Promise<Subject[]> {
  try {
    return (await stack?.subjects(args)) ?? [];
  } catch (error) {
    throw subjectsFailure(error);
  }
}

/** Why the images of a stack cannot be told, as the kind of error that its exit code goes by. */
export function subjectsFailure(error: unknown): Error {
  if (error instanceof UnfitImages) return error;
  const { message } = error as Error;
  return error instanceof ConfigError ? new UsageError(message) : new ExpectedError(message);
}

/** Standard output is for the answer. */
function sayAside(text: string): void {
  process.stderr.write(`${text}\n`);
}
