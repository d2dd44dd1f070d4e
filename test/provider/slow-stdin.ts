/** A stdin that waits after its beginning. */
export function slowStdin(beginning: string): {
  readonly stdin: AsyncIterable<Buffer>;
  readonly end: (rest: string) => void;
} {
  let end: (rest: string) => void = () => undefined;
  const rest = new Promise<string>((resolve) => (end = resolve));
  async function* stdin() {
    yield Buffer.from(beginning);
    yield Buffer.from(await rest);
  }
  return { stdin: stdin(), end };
}
