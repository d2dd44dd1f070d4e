/** What follows a key, a variable or a flag that sounds like a secret, and the credentials of a URL. */
const secrets: readonly [RegExp, string][] = [
  [
    /((?:token|passw(?:or)?d|secret|auth|credential|api-?key)[\w.-]*["']?[ \t]*(?:[:=]|(?<=--[\w-]*) )[ \t]*)\S.*$/gim,
    "$1***",
  ],
  [/(:\/\/)[^\s/@]+@/g, "$1***@"],
];

/**
 * A text that somebody else has written, as it may be shown: it may hold secrets that this stack does not know, so that values of keys that sound
 * like one are hidden.
 */
export function hideSecrets(text: string): string {
  return secrets.reduce((shown, [pattern, replacement]) => shown.replace(pattern, replacement), text);
}
