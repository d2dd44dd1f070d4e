/** What the engine says when it fails without a diagnostic: the lines of its output that name an error, else the last few. Pure. */
export function engineErrorText(message: string): string {
  const killed = /Command was killed with (SIG[A-Z]+)/.exec(message)?.[1];
  if (killed) return `error: the engine was ended by ${killed}; the next run settles what was being done`;
  const lines = message
    .split("\n")
    .map((line) => line.replace(/^\s*(stdout|stderr|err\?|code):\s?/, "").trimEnd())
    .filter(
      (line) =>
        line.trim() !== "" && !/^\s*(-?\d+|Error: Command failed.*|Command failed with exit code.*)$/.test(line),
    );
  const errors = [...new Set(lines.filter((line) => /^\s*error:/.test(line)).map((line) => line.trim()))];
  return errors.length > 0 ? errors.join("\n") : [...new Set(lines)].slice(-8).join("\n");
}
