import { quote } from "../../provider/ssh/shell";

/** One thing that is asked of a board. It reads and changes nothing. */
export interface Section {
  /** What it is, in words that can stand behind "could not see the …". */
  readonly title: string;
  /** POSIX shell. */
  readonly command: string;
  /** Seconds until it is given up on the board. */
  readonly seconds: number;
  /** Bytes of its output that are kept. */
  readonly bytes: number;
}

/** What a section came to. Texts have no secrets any more. */
export interface Answer {
  readonly text: string;
  /** Exit code of the command; 124 or 137 where its time was over. */
  readonly code: number;
  /** Last line of its error output. */
  readonly error: string;
  /** Set where no answer came, as the connection broke before it: the board has said nothing. */
  readonly unanswered?: true;
}

/**
 * The fragment that asks for a section: the command has its own time limit on the board, so that one that hangs holds up nobody, and its own
 * limit of bytes. The fragment ends with the command's exit code, not that of what limits it.
 */
export function sectionFragment({ command, seconds, bytes }: Section): string {
  const bounded = `timeout -k 1 ${seconds} sh -c ${quote(command)}`;
  return `exec 4>&1
code=$({ { ${bounded} 3>&- 4>&-; echo $? >&3; } | head -c ${bytes} >&4; } 3>&1)
exit "\${code:-1}"`;
}

/** Why a section has nothing to say; `undefined` where it has. */
export function whyUnseen({ seconds }: Section, { code, text, error }: Answer): string | undefined {
  if (code === 124 || code === 137) return `no answer within ${seconds} s`;
  if (code === 127 || code === 126) return error === "" ? "there is no such program on the board" : error;
  if (code !== 0 && text.trim() === "") return error === "" ? `exit code ${code}` : error;
  return undefined;
}

/** Whether the board was asked in vain: what was to answer hung or failed. It did neither where there is no such program, or the connection broke. */
export function isSilent(section: Section, answer: Answer): boolean {
  const none = answer.code === 127 || answer.code === 126 || answer.unanswered === true;
  return !none && whyUnseen(section, answer) !== undefined;
}
