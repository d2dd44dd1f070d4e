import { originals, recordOf, temporaryOf } from "../files/originals";
import { preamble, quote } from "../ssh/shell";
import {
  certificateFunctions,
  rotateCertificates,
  rotationSeconds,
  takeBackCertificates,
} from "./certificate-rotation";
import { bootUnit } from "./boot-unit";
import {
  copyDatastore,
  datastoreSteps,
  keepCopies,
  stageDatastore,
  takeBackDatastore,
  type DatastoreChange,
} from "./program-datastore";
import {
  dropPending,
  finishProgram,
  previousOf,
  programFunctions,
  rememberProgram,
  rememberWatched,
  type ProgramChange,
} from "./program-script";
import { dataOnDisk, dropEmptyCredentials, stageData, takeBackData } from "./program-data";
import {
  isUnitFile,
  type ServiceCertificates,
  type ServiceFile,
  type ServiceInputs,
  type ServiceProgramData,
} from "./schema";
import { dropDamaged, findDamaged, rememberUnpacked, unpackedFunctions } from "./unpacked-programs";
import { bootUnitFiles, cordonRecord, recordDirectory, transactionDirectory } from "./unit-state";
import { verification } from "./verification";

/** One change of a service, as the board carries it out. */
export interface Transaction {
  readonly name: string;
  readonly write: readonly ServiceFile[];
  readonly putBack: readonly string[];
  /** The program of the service. */
  readonly program?: ProgramChange;
  /** A program of the board's own that the service runs: which one it was is remembered. */
  readonly watchedProgram?: string;
  /** What happens to its datastore. */
  readonly datastore?: DatastoreChange;
  /** Certificates that are made anew. */
  readonly certificates?: ServiceCertificates;
  /** What the program that is about to start writes by itself. */
  readonly programData?: ServiceProgramData;
  /** A program of before that is no longer the service's: what was there before us comes back. */
  readonly formerProgram?: string;
  readonly enabled: boolean;
  readonly restart: boolean;
  /** Stop the service where it runs. */
  readonly stop: boolean;
  readonly needsDaemonReload: boolean;
  /** Checksum of the restart triggers, remembered with the confirmation. */
  readonly triggers: string;
  /** Seconds after which the board rolls back by itself, counted from the swap. */
  readonly rollbackSeconds: number;
}

/** Seconds that the service is down for, besides its restart. */
export function extraSeconds({ datastore, certificates }: Transaction): number {
  return (datastore?.seconds ?? 0) + (certificates === undefined ? 0 : rotationSeconds);
}

/** Name of the transient timer that rolls back. */
export function rollbackUnit(name: string): string {
  return `k3s-board-rollback-${name}`;
}

/**
 * Two scripts of a transaction say how far it is, and each step to the next is one file that goes, on disk before anything else is touched. With
 * `rollback` and `finish` it is open. Without `finish` it is taken back and cannot be confirmed any more. Without `rollback` it is confirmed, and
 * `finish` is still to be run. Without both nothing is left to do but to close it.
 */
function variables(name: string): string {
  const boot = bootUnitFiles(name);
  return `unit=${quote(`${name}.service`)} timer=${quote(`${rollbackUnit(name)}.timer`)}
transaction=${quote(transactionDirectory(name))} service=${quote(recordDirectory(name))}
each() { [ -f "$1" ] || return 0; while IFS= read -r line; do "$2" "$line"; done <"$1"; }
boot=${quote(boot.unit)} boot_new=${quote(temporaryOf(boot.unit))} boot_link=${quote(boot.link)}
drop_boot_unit() { rm -f -- "$boot_new" "$boot" "$boot_link"; leave "$boot_link"; }
cannot_be_confirmed() { rm -f -- "$transaction/finish" && sync -- "$transaction" || fail "$transaction cannot be written"; }
decided() { rm -f -- "$transaction/rollback" && sync -- "$transaction" || fail "$transaction cannot be written"; }
finish() { [ ! -f "$transaction/finish" ] || sh "$transaction/finish"; }
close_transaction() { drop_boot_unit; rm -rf -- "$transaction"; rmdir $state/transactions $state/services 2>/dev/null; tidy; }`;
}

/**
 * Takes a transaction back, on its own: stored on the board before anything is swapped, run by the timer or by us. Without a transaction it does
 * nothing, so it may run twice.
 */
export function rollbackScript(name: string): string {
  return `${preamble}${originals}
${variables(name)}
${programFunctions}
${datastoreSteps}
${certificateFunctions}
lock
[ -f "$transaction/rollback" ] || exit 0
cannot_be_confirmed
. "$transaction/was"
up=; case $active in active|activating|reloading|refreshing) up=1 ;; esac
[ -n "$up" ] || systemctl stop "$unit" 2>/dev/null
${takeBackDatastore}
${takeBackCertificates}
${takeBackData}
[ "$enabled" = enabled ] || systemctl disable -q "$unit" 2>/dev/null
for saved in "$transaction"/saved/*.path; do
  [ -e "$saved" ] || continue
  IFS= read -r path <"$saved"
  temporary=\${path%/*}/.\${path##*/}.k3s-board-new
  saved=\${saved%.path}
  if [ -e "$saved.linked" ]; then
    restore_program "$path" "\${path%/*}/.\${path##*/}.k3s-board-old" || fail "$path cannot be put back"
    rm -f -- "$temporary"
  elif [ -e "$saved.file" ] || [ -L "$saved.file" ]; then
    mkdir -p -- "\${path%/*}/" && cp -a -- "$saved.file" "$temporary" && on_disk "$temporary" && mv -fT -- "$temporary" "$path" || fail "$path cannot be put back"
  else
    rm -f -- "$path" "$temporary"
    leave "$path"
  fi
  [ ! -d "\${path%/*}/" ] || sync -- "\${path%/*}/"
done
each "$transaction/records" forget
systemctl daemon-reload
[ "$enabled" != enabled ] || systemctl enable -q --no-reload "$unit"
systemctl reset-failed "$unit" 2>/dev/null
[ -z "$up" ] || systemctl restart --no-block "$unit"
[ ! -e "$transaction/first" ] || rm -rf -- "$service"
decided
close_transaction
# not before: without the unit for the boot the service would start at once, and then once more
systemctl daemon-reload
systemctl stop "$timer" 2>/dev/null
:
`;
}

/**
 * Carries out a transaction: stages the files beside their places, verifies the units, saves what is there, arms the timer that rolls back,
 * swaps, reloads, restarts without waiting. Whatever fails before the swap leaves nothing behind; whatever fails after it is rolled back at
 * once. The contents follow on stdin, in order and without separators.
 *
 * Prints `invocation=`, what ran before, and `since=`, the board's clock before the restart; warnings of the verification as `warning=`, and
 * what was damaged of unpacked programs as `damaged=`.
 */
export function applyScript(change: Transaction): string {
  const { name, write, putBack, datastore, certificates, programData } = change;
  const program = change.program?.swap ? change.program.path : undefined;
  const programs = [program, change.formerProgram].filter((path) => path !== undefined);
  const temporaries = write.map(({ path }) => quote(temporaryOf(path))).join(" ");
  const size = write.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);
  const sizes = write.map(({ content }) => `${Buffer.byteLength(content)} `).join("");
  const copied = [...write.map(({ path }) => path), ...putBack];
  const touched = [...copied, ...programs];
  const units = write.filter(({ path }) => isUnitFile(path));
  const reload = reloads(change);
  const folder = (path: string) => quote(path.slice(0, path.lastIndexOf("/")) || "/");
  return `${originals}
${variables(name)}
${programFunctions}
${datastore === undefined && certificates === undefined ? "" : datastoreSteps}
${certificates === undefined ? "" : certificateFunctions}
${unpackedFunctions}
new=$transaction.new phase=staging
undo() {
  case $phase in
    staging)
      systemctl stop "$timer" 2>/dev/null
      drop_boot_unit
      rm -f -- ${[temporaries, ...programs.flatMap((path) => [quote(temporaryOf(path)), quote(previousOf(path))])].join(" ") || '""'}
      each "$new/records" forget
      ${program === undefined ? "" : dropPending(program)}
      ${touched.map((path) => `leave ${quote(path)}`).join("; ") || ":"}
      [ ! -e "$new/first" ] || rm -rf -- "$service"
      rm -rf -- "$new"
      rmdir $state/transactions $state/services 2>/dev/null
      tidy ;;
    swapping) unlock; sh "$transaction/rollback" >&2 ;;
  esac
}
lock
[ ! -d "$transaction" ] || fail "an earlier change of $unit is not settled"
# not before: what is there by then is another run's
trap undo EXIT
trap 'exit 143' HUP INT TERM PIPE
${program === undefined ? "" : `[ -f ${quote(temporaryOf(program))} ] || fail ${quote(`${temporaryOf(program)} is gone`)}`}
room ${Math.ceil(size / 1024) + 64} /etc
umask 077
rm -rf -- "$new"; mkdir -p -- "$new/saved" && mkdir -p $state/services || fail "$new cannot be made"
${datastore === undefined ? "" : stageDatastore(datastore)}
stage() {
  [ -L "$1" ] || [ ! -d "$1" ] || fail "there is a directory at $1"
  make_directory "$2"
  rm -f -- "$3"
  if [ "$4" -gt 0 ]; then dd bs="$4" count=1 iflag=fullblock status=none of="$3"; else : >"$3"; fi || fail "$1 cannot be written"
  chown -- "$6" "$3" && chmod -- "$5" "$3" || fail "mode and owner of $1 cannot be set"
}
${write
  .map((file) =>
    [
      "stage",
      quote(file.path),
      folder(file.path),
      quote(temporaryOf(file.path)),
      Buffer.byteLength(file.content),
      file.mode,
      quote(`${file.owner}:${file.group}`),
    ].join(" "),
  )
  .join("\n")}
${
  write.length > 0
    ? `[ "$(stat -c %s -- ${temporaries} | tr '\\n' ' ')" = "${sizes}" ] || fail "the transfer was incomplete"
sync -- ${temporaries} || fail "the files cannot be written"`
    : ""
}
${units.length > 0 ? verification(units, program) : ""}
systemctl show -p LoadState,ActiveState,UnitFileState,InvocationID -- "$unit" >"$new/show" || fail "systemd does not answer"
load= active= enabled= invocation=
while IFS='=' read -r key value; do
  case $key in LoadState) load=$value ;; ActiveState) active=$value ;; UnitFileState) enabled=$value ;; InvocationID) invocation=$value ;; esac
done <"$new/show"
printf 'load=%s active=%s enabled=%s\\n' "$load" "$active" "$enabled" >"$new/was"
${findDamaged(programData?.unpackedPrograms)}
${stageData(programData)}
record() {
  [ -d "$state/original/$3" ] && [ ! -e "$state/original/$3/pending" ] || printf '%s\\n' "$3" >>"$new/records"
  keep "$2" "$3"
  printf '%s\\n' "$2" >"$new/saved/$1.path" || fail "$new cannot be written"
}
save() {
  record "$@"
  if [ -e "$2" ] || [ -L "$2" ]; then cp -a -- "$2" "$new/saved/$1.file" || fail "$2 cannot be saved"; fi
}
save_program() {
  record "$@"
  [ ! -e "$2" ] && [ ! -L "$2" ] || { link_program "$2" "$4" && : >"$new/saved/$1.linked"; } || fail "$2 cannot be saved"
}
${copied.map((path, index) => `save ${index} ${quote(path)} ${quote(recordOf(path))}`).join("\n")}
${programs.map((path, index) => `save_program ${copied.length + index} ${quote(path)} ${quote(recordOf(path))} ${quote(previousOf(path))}`).join("\n")}
[ -d "$service" ] || { : >"$new/first" && mkdir -- "$service" && cp -- "$new/was" "$service/before" || fail "$service cannot be made"; }
cat >"$new/rollback" <<'K3S_BOARD_ROLLBACK' || fail "$new cannot be written"
${rollbackScript(name)}K3S_BOARD_ROLLBACK
cat >"$new/finish" <<'K3S_BOARD_FINISH' || fail "$new cannot be written"
${finishScript(change)}K3S_BOARD_FINISH
${
  change.restart
    ? `systemctl stop "$timer" 2>/dev/null; systemctl reset-failed "\${timer%.timer}.service" 2>/dev/null
systemd-run --quiet --collect --on-active=${Math.ceil(change.rollbackSeconds + extraSeconds(change))} --timer-property=AccuracySec=1s --unit="\${timer%.timer}" --description="Roll back $unit unless it is confirmed" /bin/sh "$transaction/rollback" || fail "the roll-back timer cannot be armed"`
    : ""
}
make_directory "\${boot_link%/*}"
( umask 022; cat >"$boot_new" ) <<'K3S_BOARD_BOOT' && sync -- "$boot_new" && mv -fT -- "$boot_new" "$boot" && ln -sfn -- "$boot" "$boot_link" && sync -- "\${boot%/*}" "\${boot_link%/*}" || fail "$boot cannot be written"
${bootUnit(name, programData?.directory ?? datastore?.directory ?? certificates?.dataDir)}K3S_BOARD_BOOT
# what is saved as well: with a saved path that is empty after a power cut, the roll-back would forget a file and not take it back
find "$new" "$service" \\( -type f -o -type d \\) -exec sync -- {} + && mv -T -- "$new" "$transaction" && sync -- $state/transactions || fail "$transaction cannot be made"
phase=swapping
${datastore === undefined ? "" : copyDatastore(datastore)}
${certificates === undefined ? "" : rotateCertificates(certificates)}
${program === undefined ? "" : `mv -fT -- ${quote(temporaryOf(program))} ${quote(program)} || fail ${quote(`${program} cannot be put in place`)}`}
${write.map(({ path }) => `mv -fT -- ${quote(temporaryOf(path))} ${quote(path)} || fail ${quote(`${path} cannot be put in place`)}`).join("\n")}
${[...putBack, ...(change.formerProgram === undefined ? [] : [change.formerProgram])].map((path) => `put_back ${quote(path)} ${quote(recordOf(path))} ${quote(temporaryOf(path))}`).join("\n")}
${touched.length > 0 ? `sync -- ${[...new Set(touched.map(folder))].join(" ")}` : ""}
${reload ? 'systemctl daemon-reload || fail "daemon-reload failed"' : ""}
${
  change.enabled
    ? '[ "$enabled" = enabled ] || systemctl enable -q "$unit" || fail "$unit cannot be enabled"'
    : '[ "$enabled" != enabled ] || systemctl disable -q "$unit" || fail "$unit cannot be disabled"'
}
printf 'invocation=%s\\nsince=%s\\n' "$invocation" "$(date +%s)"
${dropDamaged(programData?.unpackedPrograms)}
${dropEmptyCredentials(programData)}
${change.restart ? 'systemctl reset-failed "$unit" 2>/dev/null\nsystemctl restart --no-block "$unit" || fail "$unit cannot be restarted"' : ""}
${change.stop ? 'systemctl stop "$unit" || fail "$unit cannot be stopped"' : ""}
${
  change.restart
    ? "phase=done"
    : `${confirmation(change)}
phase=done
${finishing(change)}`
}
:`;
}

/** Whether systemd reads unit files in it. */
function reloads({ needsDaemonReload, write, putBack }: Transaction): boolean {
  return needsDaemonReload || [...write.map(({ path }) => path), ...putBack].some(isUnitFile);
}

/** Makes a transaction final: the timer is disarmed, files that are no longer ours lose their records. Exit 7: it was rolled back meanwhile. */
export function confirmScript(change: Transaction): string {
  return `${originals}
${variables(change.name)}
${unpackedFunctions}
lock
${confirmation(change)}
${finishing(change)}
:`;
}

/** What would be missed after a roll-back stays until the confirmation is decided. */
function confirmation({ triggers, program, watchedProgram, programData }: Transaction): string {
  return `[ -f "$transaction/finish" ] || exit 7
${programData === undefined ? "" : `${dataOnDisk(programData)} && ${rememberUnpacked(programData.unpackedPrograms)}`}
printf '%s\\n' ${quote(triggers)} >"$service/triggers.new" && sync -- "$service/triggers.new" && mv -f -- "$service/triggers.new" "$service/triggers"
${program !== undefined ? rememberProgram(program) : watchedProgram !== undefined ? rememberWatched(watchedProgram) : ""}
sync -- "$service"
decided`;
}

/** A confirmed change is made, whether or not its last traces can be removed: then the next run does that. */
function finishing(change: Transaction): string {
  return `finish && close_transaction
${reloads(change) ? "# systemd has read the unit for the boot, which is gone\nsystemctl daemon-reload" : ""}`;
}

/** Takes away, with the lock held, what only a roll-back would have needed. It may run twice. */
function finishScript(change: Transaction): string {
  const { name, putBack, program, watchedProgram, datastore, formerProgram } = change;
  const noLonger = [...putBack, ...(formerProgram === undefined ? [] : [formerProgram])];
  return `${preamble}${originals}
${variables(name)}
${datastore === undefined ? "" : datastoreSteps}
systemctl stop "$timer" 2>/dev/null
${noLonger.map((path) => `leave ${quote(path)}; forget ${quote(recordOf(path))} || exit`).join("\n")}
${formerProgram === undefined ? "" : `rm -f -- ${quote(previousOf(formerProgram))}`}
${
  program !== undefined
    ? finishProgram(program)
    : watchedProgram !== undefined
      ? `# what was there before a program of ours is nobody's matter any more\nforget ${quote(recordOf(watchedProgram))} || exit`
      : 'rm -f -- "$service/program"'
}
${datastore === undefined ? "" : keepCopies(datastore)}
:
`;
}

/** Takes back what an interrupted run began, or ends what it had confirmed. */
export function settleScript(name: string): string {
  return `${originals}
${variables(name)}
lock
[ ! -f "$transaction/rollback" ] || exec sh "$transaction/rollback"
finish || fail "what an earlier change left cannot be removed"
close_transaction
systemctl daemon-reload`;
}

/**
 * Takes a service away: a unit that is ours stops and is disabled; one that was there before gets its files back and the state it had. Exit 0
 * where nothing of ours is there.
 */
export function removeScript(
  { name, program, removeState }: Pick<ServiceInputs, "name" | "program" | "removeState">,
  files: readonly string[],
): string {
  const paths = program === undefined ? files : [...files, program.path];
  return `${originals}
${variables(name)}
[ -d $state ] || exit 0
lock
systemctl stop "$timer" 2>/dev/null
if [ -f "$transaction/rollback" ]; then cannot_be_confirmed; decided; fi
finish || fail "what an earlier change left cannot be removed"
rm -rf -- "$transaction" "$transaction.new"
drop_boot_unit
load=not-found active=inactive enabled=
[ ! -f "$service/before" ] || . "$service/before"
up=; case $load:$active in loaded:active|loaded:activating|loaded:reloading) up=1 ;; esac
if [ -d "$service" ]; then
  [ -n "$up" ] || systemctl stop "$unit" || [ "$(systemctl show -p LoadState --value -- "$unit")" = not-found ] || fail "$unit cannot be stopped"
  [ "$enabled" = enabled ] || systemctl disable -q "$unit" 2>/dev/null
  ${removeState ? '[ -n "$up" ] || systemctl clean --what=state "$unit" 2>/dev/null' : ""}
fi
${program === undefined ? "" : `rm -f -- ${quote(previousOf(program.path))}`}
${paths.map((path) => `restore ${quote(path)} ${quote(recordOf(path))} ${quote(temporaryOf(path))}`).join("\n")}
systemctl daemon-reload || fail "daemon-reload failed"
if [ -d "$service" ]; then
  [ "$enabled" != enabled ] || systemctl enable -q "$unit"
  [ -z "$up" ] || systemctl restart --no-block "$unit"
fi
systemctl reset-failed "$unit" 2>/dev/null
rm -rf -- "$service" ${quote(cordonRecord(name))}
rmdir $state/transactions $state/services 2>/dev/null
tidy`;
}
