import { quote } from "../ssh/shell";

/**
 * Programs that a service's own program unpacks at its start and runs from then on, as k3s does: in `DIR/<checksum>/bin`, with their checksums in
 * `.sha256sums` there (k3s, `scripts/package-cli`). k3s looks at them when it unpacks them and never again, and does not wait until they are on disk
 * (`cmd/k3s/main.go`): a power cut seconds behind leaves files without content under their final names, and with these nothing starts any more.
 *
 * Those that a confirmed change has seen running are on disk and known, and are not read again for a service that runs or was stopped.
 */

/** Shell of a transaction, while it is staged and all runs on: which of them are damaged. They can be big, and are read here and not later. */
export function findDamaged(directory: string | undefined): string {
  if (directory === undefined) return "";
  return `find_damaged() {
  case $active in active|inactive) ! grep -Fxqs -e "$1" "$service/unpacked" || return 0 ;; esac
  ( cd -- "$1/bin" && sha256sum --status -c .sha256sums ) 2>/dev/null || printf '%s\\n' "$1" >>"$new/damaged"
}
each_unpacked ${quote(directory)} find_damaged || fail "$new cannot be written"`;
}

/** Shell of a transaction before the service starts: the damaged ones go, so that they are unpacked anew. Prints `damaged=`, one line for each. */
export function dropDamaged(directory: string | undefined): string {
  if (directory === undefined) return "";
  const gone = quote(`${directory}/.k3s-board-damaged`);
  return `drop_damaged() {
  rm -rf -- ${gone} && mv -T -- "$1" ${gone} && rm -rf -- ${gone} || fail "$1 is damaged and cannot be removed"
  printf 'damaged=%s\\n' "$1"
}
each "$transaction/damaged" drop_damaged`;
}

/** Shell of a confirmation, once all of them are on disk: what has been seen running is known. Where that fails the next change reads it. */
export function rememberUnpacked(directory: string): string {
  return `{
  note_unpacked() { printf '%s\\n' "$1" >>"$service/unpacked.new"; }
  : >"$service/unpacked.new" && each_unpacked ${quote(directory)} note_unpacked && sync -- "$service/unpacked.new" && mv -f -- "$service/unpacked.new" "$service/unpacked"
}`;
}

/** Shell function: `each_unpacked DIR COMMAND` calls COMMAND with each set of programs, and ends with the first failure. */
export const unpackedFunctions = `each_unpacked() {
  for unpacked in "$1"/*; do
    case \${unpacked##*/} in *[!0-9a-f]*) continue ;; esac
    "$2" "$unpacked" || return
  done
}`;
