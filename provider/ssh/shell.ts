/** Quotes a word for a POSIX shell. */
export function quote(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** How a script becomes root. */
export type Elevation = "none" | "sudo" | "sudo-with-password";

/** Separates the sudo password from the script, for the case that sudo did not want the password after all. */
const ready = "k3s-board-script-follows";

/** Put before every script: messages in one language, the system directories in PATH (a plain `ssh host command` may lack sbin). */
export const preamble =
  "LC_ALL=C PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export LC_ALL PATH; umask 022\n";

/**
 * The command line and the head of stdin for a script. Only lengths and seconds are in argv. The script is read with one exact `dd` (a
 * plain `head -c` may read ahead on some boards), so the rest of stdin is the script's own. `timeout` kills the whole process group on
 * the board itself, which holds when the connection is gone.
 */
export function invocation(
  script: string,
  timeoutSeconds: number,
  elevation: Elevation,
  sudoPassword = "",
): { command: string; head: Buffer } {
  const body = Buffer.from(preamble + script);
  const read = `eval "$(dd bs=${body.length} count=1 iflag=fullblock 2>/dev/null)"`;
  const bounded = (inner: string) => `timeout -k 5 ${Math.ceil(timeoutSeconds)} sh -c '${inner}'`;
  switch (elevation) {
    case "none":
      return { command: `exec ${bounded(read)}`, head: body };
    case "sudo":
      return { command: `exec sudo -n -- ${bounded(read)}`, head: body };
    case "sudo-with-password":
      // Where sudo asks nothing (NOPASSWD), the password is still in stdin: skip to the separator, byte by byte as `read` does on a pipe.
      return {
        command: `exec sudo -S -p "" -- ${bounded(`while read -r l; do [ "$l" = ${ready} ] && break; done; ${read}`)}`,
        head: Buffer.concat([Buffer.from(`${sudoPassword}\n${ready}\n`), body]),
      };
  }
}
