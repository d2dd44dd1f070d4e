import type { WriteStream } from "node:tty";

/** Tells a person what takes so long. */
export interface Progress {
  /**
   * Runs `work` as a step with a title and shows its elapsed time.
   *
   * @param work - gets a function that says what the step is at ("12 of 40 packages"); shown beside the title.
   * @returns what `work` returns; a throw of `work` is shown as a failed step and thrown on.
   */
  step<T>(title: string, work: (note: (text: string) => void) => Promise<T>): Promise<T>;
}

/** Says nothing. */
export const silentProgress: Progress = {
  step: (_title, work) => work(() => undefined),
};

/** What {@link terminalProgress} writes to; `isTTY` and `columns` as of a terminal. */
export type ProgressStream = Pick<NodeJS.WritableStream, "write"> & Partial<Pick<WriteStream, "isTTY" | "columns">>;

interface RunningStep {
  readonly title: string;
  readonly begun: number;
  note: string;
}

const repaintMilliseconds = 200;
const heartbeatMilliseconds = 30_000;
const quickMilliseconds = 300;

/**
 * Progress for a terminal: a live line with the elapsed time while a step runs, and one line when it has ended. Where the stream is not a
 * terminal there is no live line but a sign of life every 30 s. Colours only on a terminal and without `NO_COLOR`. Steps that end well in
 * under 0.3 s leave no line: they are not what anybody waits for.
 *
 * @param stream - Defaults to standard error, so that standard output stays clean for results.
 */
export function terminalProgress(stream: ProgressStream = process.stderr): Progress {
  const live = stream.isTTY === true;
  const colours = live && !process.env.NO_COLOR;
  const running = new Set<RunningStep>();
  let timer: NodeJS.Timeout | undefined;
  let lastHeartbeat = 0;

  const clear = () => {
    if (live) stream.write("\r\x1b[K");
  };
  const paint = () => {
    const newest = [...running].at(-1);
    if (!newest) return;
    if (live) {
      const more = running.size > 1 ? ` (+${running.size - 1})` : "";
      const text = `  ${seconds(newest)}  ${newest.title}${more}${newest.note && `: ${newest.note}`}`;
      stream.write(`\r${text.slice(0, (stream.columns ?? 80) - 1)}\x1b[K`);
    } else if (Date.now() - lastHeartbeat >= heartbeatMilliseconds) {
      lastHeartbeat = Date.now();
      stream.write(
        `      ... ${newest.title}${newest.note && `: ${newest.note}`} (${seconds(newest).trim()} so far)\n`,
      );
    }
  };
  const finish = (step: RunningStep, ok: boolean) => {
    running.delete(step);
    clear();
    if (!ok || Date.now() - step.begun >= quickMilliseconds) {
      const mark = ok ? paintColour("ok", 32, colours) : paintColour("failed", 31, colours);
      stream.write(`  ${seconds(step)}  ${step.title}: ${mark}\n`);
    }
    if (running.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };

  return {
    async step(title, work) {
      const step: RunningStep = { title, begun: Date.now(), note: "" };
      if (running.size === 0) lastHeartbeat = step.begun;
      running.add(step);
      timer ??= setInterval(paint, repaintMilliseconds).unref();
      try {
        const result = await work((text) => {
          step.note = text;
        });
        finish(step, true);
        return result;
      } catch (error) {
        finish(step, false);
        throw error;
      }
    },
  };
}

function seconds(step: RunningStep): string {
  return `${((Date.now() - step.begun) / 1000).toFixed(1)} s`.padStart(8);
}

function paintColour(text: string, code: number, colours: boolean): string {
  return colours ? `\x1b[${code}m${text}\x1b[0m` : text;
}
