/** Numbers of a version such as `v3.259.0`, `go1.26.8` or `1.26`; `undefined` where there are none. Suffixes are not looked at. */
export function parseVersion(text: string): readonly number[] | undefined {
  const match = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  return match ? [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)] : undefined;
}

/** Whether the version in `text` is `minimum` or newer. A text without a version is not. */
export function isAtLeast(text: string, minimum: string): boolean {
  const found = parseVersion(text);
  const needed = parseVersion(minimum) ?? [];
  if (!found) return false;
  for (const [index, number] of needed.entries()) {
    const difference = (found[index] ?? 0) - number;
    if (difference !== 0) return difference > 0;
  }
  return true;
}
