/** A file that a section shows. */
export interface ShownFile {
  readonly path: string;
  /** Seconds since 1970, by the board's clock. */
  readonly mtime: number;
  readonly size: number;
  readonly text: string;
}

/** Reads the files that a section shows: `@ mtime size path`, then lines with a blank in front. */
export function filesIn(text: string): ShownFile[] {
  return text.split(/^(?=@ )/m).flatMap((part) => {
    const [head = "", ...lines] = part.split("\n");
    const [, mtime, size, path] = /^@ (\d+) (\d+) (.+)$/.exec(head) ?? [];
    if (mtime === undefined || size === undefined || path === undefined) return [];
    const content = lines.filter((line) => line.startsWith(" ")).map((line) => line.slice(1));
    return [{ path, mtime: Number(mtime), size: Number(size), text: content.join("\n") }];
  });
}
