import { quote } from "../ssh/shell";
import type { ServiceProgramData } from "./schema";

/**
 * What a service's program writes by itself. k3s does not wait until it is on disk (`pkg/daemons/control/deps/deps.go` and the certificates of
 * dynamiclistener are written with `os.WriteFile`), and its datastore does: a power cut in the half minute behind its first start leaves a token
 * and certificates without content beside a datastore that is encrypted with that token. k3s starts with neither of them again.
 *
 * So what was there before a change is on disk when it begins, what a change has made is when it is confirmed, and what a first start had made goes
 * where the boot takes the change back: nothing of it was there before, and nothing of it was ever seen working.
 */
export function stageData(data: ServiceProgramData | undefined): string {
  if (data === undefined) return "";
  return `{
${dataOnDisk(data)}
} || fail ${quote(`what is in ${data.directory} cannot be written to disk`)}
begin() { [ -e "$1" ] || [ -L "$1" ] || printf '%s\\n' "$1" >>"$new/begun" || fail "$new cannot be written"; }
${data.begins.map((path) => `begin ${quote(path)}`).join("\n")}`;
}

/**
 * Shell of a roll-back, which is told whether the boot began it. Where it was not, what the first start has made may stay: the next attempt need
 * not make it once more.
 */
export const takeBackData = `if [ -f "$transaction/begun" ]; then
  if [ "\${1-}" = boot ]; then
    drop_begun() { rm -rf -- "$1" || fail "$1 cannot be removed"; }
    each "$transaction/begun" drop_begun
  else
    sync
  fi
fi`;

/**
 * Shell of a transaction before the service starts: credentials without content go, those of a service that runs apart. k3s makes them again, from
 * its datastore where they are there, and ends at once where they are empty.
 */
export function dropEmptyCredentials(data: ServiceProgramData | undefined): string {
  if (data === undefined || data.credentials.length === 0) return "";
  return `case $active in
  active|reloading|refreshing) ;;
  *) find ${data.credentials.map(quote).join(" ")} -maxdepth 1 -type f -size 0 -delete 2>/dev/null ;;
esac`;
}

/** Shell: waits until all that the program has written is on disk; a confirmation does so as long as a power cut would still roll back. Exit 0 where it is. */
export function dataOnDisk({ directory, credentials }: ServiceProgramData): string {
  return [directory, ...credentials]
    .map((path) => `{ [ ! -e ${quote(path)} ] || sync -f -- ${quote(path)}; }`)
    .join(" && ");
}
