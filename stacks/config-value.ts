/**
 * A value of Pulumi's configuration as it was written. Pulumi hands structured values out as JSON text, and scalars as they are: `retag`, not
 * `"retag"`.
 */
export function parseConfigValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
