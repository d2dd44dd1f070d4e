import { coloured, diagnosticLines, endedLine, plain, runningLine, type Paint } from "./lines";
import type { Happening, ResourceRecord, RunRecord } from "./record";

/** Where a view writes; `isTTY` and `columns` as of a terminal. */
export interface ViewStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** `auto`: colours on a terminal, unless `NO_COLOR` is set. */
export type ColourChoice = "auto" | "always" | "never";

/** Options of {@link RunView}. */
export interface ViewOptions {
  readonly stream: ViewStream;
  readonly colour: ColourChoice;
  /** A preview collects and is listed at its end; everything else reports as it goes. */
  readonly preview: boolean;
  /** Milliseconds between signs of life where there is no terminal. Defaults to 30 s. */
  readonly heartbeat?: number;
}

const repaintMilliseconds = 250;

/** The colours for a stream. */
export function paintFor(stream: ViewStream, choice: ColourChoice): Paint {
  if (choice === "auto") return stream.isTTY && !process.env.NO_COLOR ? coloured : plain;
  return choice === "always" ? coloured : plain;
}

/** Shows a run while it goes on: a live line on a terminal, plain lines and a sign of life elsewhere. Unchanged resources are not shown. */
export class RunView {
  readonly paint: Paint;
  private readonly running = new Set<ResourceRecord>();
  private readonly begun = Date.now();
  private lastSign = Date.now();
  private painted = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly record: RunRecord,
    private readonly options: ViewOptions,
  ) {
    this.paint = paintFor(options.stream, options.colour);
  }

  /** Begins to show elapsed time. */
  start(): void {
    this.timer = setInterval(() => this.tick(Date.now()), repaintMilliseconds);
    this.timer.unref();
  }

  /** Ends the live line. */
  stop(): void {
    clearInterval(this.timer);
    this.clear();
  }

  /** Writes a finished text above the live line. */
  line(text: string): void {
    this.clear();
    this.options.stream.write(`${text}\n`);
    this.lastSign = Date.now();
  }

  /** Takes what the record made of an event. */
  show(happening: Happening): void {
    if (happening.kind === "diagnostic") {
      // In a preview the notes are listed beside their resource at the end; errors are shown at once in every run.
      const { diagnostic } = happening;
      if (diagnostic.severity === "error" || !diagnostic.urn || !this.options.preview) {
        this.line(diagnosticLines(diagnostic, this.paint));
      }
      return;
    }
    const { resource } = happening;
    if (happening.kind === "begun" && resource.operation !== "same") this.running.add(resource);
    if (happening.kind === "ended" || happening.kind === "failed") this.finish(resource);
  }

  private finish(resource: ResourceRecord): void {
    for (const one of this.running) if (one.urn === resource.urn) this.running.delete(one);
    const quiet = resource.operation === "same" || resource.operation === "refresh" || resource.operation === "read";
    if (resource.outcome === "failed" || (!quiet && !this.options.preview)) this.line(endedLine(resource, this.paint));
  }

  private tick(now: number): void {
    const text = this.current(now);
    if (this.options.stream.isTTY) {
      const width = (this.options.stream.columns || 80) - 1;
      this.options.stream.write(`\r${`  ${text}`.slice(0, width)}\x1b[K`);
      this.painted = true;
    } else if (now - this.lastSign >= (this.options.heartbeat ?? 30_000)) {
      this.line(`     … ${text}`);
    }
  }

  /** What takes the time now: the oldest running step, or what comes before the first. */
  private current(now: number): string {
    const steps = [...this.running].filter(({ operation }) => operation !== "refresh");
    const [oldest] = steps;
    if (oldest) return `${runningLine(oldest, now)}${steps.length > 1 ? ` (and ${steps.length - 1} more)` : ""}`;
    const reading = this.running.size > 0 ? "reading the board" : this.record.refreshed > 0 ? "comparing" : "starting";
    return `${reading} … ${Math.round((now - this.begun) / 1000)} s`;
  }

  private clear(): void {
    if (this.painted) this.options.stream.write("\r\x1b[K");
    this.painted = false;
  }
}
