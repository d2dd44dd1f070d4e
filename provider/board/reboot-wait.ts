import { originals } from "../files/originals";
import { lastLines } from "../files/write";
import { pauseAfterLook } from "../pause";
import type { Board } from "../ssh/board";
import { BoardError } from "../ssh/board-error";
import { quote } from "../ssh/shell";
import { rebootRecord, type RebootRecord } from "./reboot-reasons";

const reportMilliseconds = 30_000;
/** Seconds for one look: a board that boots is slow, and one that goes down may leave a question without an answer. */
const lookSeconds = 20;

/** Prints the boot id once the board has come as far as its basic units. */
const lookScript = `systemctl is-active -q basic.target || exit 3
cat /proc/sys/kernel/random/boot_id`;

/**
 * Notes why, and sends the reboot. systemd takes it as a job and stops services in their order, k3s among them.
 *
 * The note is on disk before: whoever comes next sees by the boot id whether the reboot has happened.
 */
export async function sendReboot(board: Board, record: RebootRecord): Promise<void> {
  const script = `${originals}
lock
( umask 077; printf '%s\\n' ${quote(JSON.stringify(record))} >${rebootRecord}.new ) && sync -- ${rebootRecord}.new && mv -f -- ${rebootRecord}.new ${rebootRecord} && sync -- $state || fail "${rebootRecord} cannot be written"
unlock
systemctl reboot --no-block || fail "systemd does not reboot the board"`;
  try {
    const { code, stderr } = await board.run(script, { purpose: "rebooting the board" });
    // sshd may be gone, and the script with it, before it could say that all is well
    if (code !== 0 && code !== 137 && code !== 143)
      throw new BoardError("refused", board.label, `the board was not rebooted: ${lastLines(stderr)}`);
  } catch (error) {
    if (!(error instanceof BoardError) || !error.outcomeUnknown || error.trouble === "cancelled") throw error;
  }
}

/** Removes the note of a reboot whose end was seen. */
export async function forgetReboot(board: Board): Promise<void> {
  const script = `${originals}\n[ -d $state ] || exit 0; lock; rm -f -- ${rebootRecord} ${rebootRecord}.new; tidy`;
  const { code, stderr } = await board.run(script, { purpose: "forgetting the reboot" });
  if (code !== 0) throw new BoardError("refused", board.label, `${rebootRecord} was not removed: ${lastLines(stderr)}`);
}

/**
 * Waits until the board answers with another boot id, over connections that are made anew.
 *
 * @param report - called about every 30 s with what is the case.
 * @returns the new boot id.
 * @throws BoardError when the time is over, or the user ends the run.
 */
export async function waitForBoot(
  board: Board,
  { bootId, timeoutSeconds }: { bootId: string; timeoutSeconds: number },
  report: (detail: string, elapsedSeconds: number) => void,
): Promise<string> {
  const started = Date.now();
  let reported = started;
  let detail = "it has not gone down yet";
  for (let began = started; Date.now() - started < timeoutSeconds * 1000;) {
    await pauseAfterLook(began);
    began = Date.now();
    const found = await lookOnce(board);
    if (found.bootId !== undefined && found.bootId !== bootId) return found.bootId;
    detail = found.bootId === bootId ? "it has not gone down yet" : found.detail;
    if (Date.now() - reported >= reportMilliseconds) {
      reported = Date.now();
      report(detail, Math.round((reported - started) / 1000));
    }
  }
  throw new BoardError(
    "timeout",
    board.label,
    `the board was rebooted and did not come back within ${timeoutSeconds} s: ${detail}`,
    "Look at its console; once it is up, run the same command again",
  );
}

async function lookOnce(board: Board): Promise<{ bootId?: string; detail: string }> {
  try {
    const { code, stdout } = await board.run(lookScript, {
      purpose: "looking for the board",
      timeoutSeconds: lookSeconds,
    });
    return code === 0 ? { bootId: stdout.trim(), detail: "" } : { detail: "it is starting" };
  } catch (error) {
    // A wrong host key is another machine, whatever it answers.
    const fatal = !(error instanceof BoardError) || error.trouble === "cancelled" || error.trouble === "host-key";
    if (fatal) throw error;
    return { detail: error.message };
  }
}
