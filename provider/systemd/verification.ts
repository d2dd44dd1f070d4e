import { temporaryOf } from "../files/originals";
import { quote } from "../ssh/shell";
import type { ServiceFile } from "./schema";

/**
 * Where systemd can (from 250 on it can judge one unit by itself): its opinion of the staged units, before anything is swapped. A staged
 * program stands in for itself, which may not be there yet.
 */
export function verification(units: readonly ServiceFile[], program: string | undefined): string {
  const root = "/etc/systemd/system/";
  const copies = units.map(({ path }) => {
    const target = path.slice(root.length);
    const parent = target.includes("/")
      ? `mkdir -p -- "$new/verify/"${quote(target.slice(0, target.lastIndexOf("/")))} && `
      : "";
    return `${parent}as_staged <${quote(temporaryOf(path))} >"$new/verify/"${quote(target)}`;
  });
  const literally = (text: string) => text.replace(/[\\.*[\]^$&|]/g, "\\$&");
  const swapped = (from: string, to: string) =>
    `sed ${quote(`s|${literally(from)}\\([[:space:]:]\\)|${literally(to)}\\1|g; s|${literally(from)}$|${literally(to)}|`)}`;
  return `if command -v systemd-analyze >/dev/null; then
as_staged() { ${program === undefined ? "cat" : swapped(program, temporaryOf(program))}; }
as_placed() { ${program === undefined ? "cat" : swapped(temporaryOf(program), program)}; }
mkdir -- "$new/verify" && ${copies.join(" && ")} || fail "$new cannot be written"
said=$(SYSTEMD_UNIT_PATH="$new/verify:" systemd-analyze verify --man=no --recursive-errors=no "$unit" 2>&1) || case $said in
  *"unrecognized option"*) said= ;;
  *) fail "systemd refuses the unit: $(printf '%s\\n' "$said" | as_placed)" ;;
esac
printf '%s\\n' "$said" | as_placed | sed -n "s|$new/verify/||g; /$unit/s/^/warning=/p"
fi`;
}
