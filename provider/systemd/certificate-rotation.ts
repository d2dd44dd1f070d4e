import { isRotationAsked } from "../kubernetes/certificates";
import { quote } from "../ssh/shell";
import type { ServiceCertificates, ServiceInputs, ServiceState } from "./schema";

/** Seconds for `k3s certificate rotate` itself: a big program that starts on a slow board. */
const commandSeconds = 120;
/** Seconds that a transaction takes longer for it: the service stops, what is there is saved, and the command runs. */
export const rotationSeconds = 60 + commandSeconds;

/** The certificates that this run has made anew; `undefined` in every other run, and for a service that does not run: its start looks after them. */
export function rotationWish(
  { running }: Pick<ServiceState, "running">,
  { certificates, running: shall }: Pick<ServiceInputs, "certificates" | "running">,
): ServiceCertificates | undefined {
  return isRotationAsked() && running && shall ? certificates : undefined;
}

/** Why the service restarts. */
export const rotationReason = "its certificates are made anew";

/** What a preview says of it. */
export function rotationNotes(wish: ServiceCertificates | undefined): string[] {
  if (wish === undefined) return [];
  return [
    `${wish.program} certificate rotate: the node gets new certificates and keys. The CAs stay, so those of before are believed until they end; ` +
      "a roll-back brings them back",
  ];
}

/**
 * Shell of a transaction, once it stands: the service stops, and its certificates go, for k3s to make others at its start. k3s's own copy of them,
 * `tls-<seconds>` in its data directory, is not what a roll-back needs: its layout is another one in each few releases.
 */
export function rotateCertificates({ program, dataDir }: ServiceCertificates): string {
  return `stop_unit || fail "$unit cannot be stopped"
save_certificates ${quote(dataDir)} "$transaction/certificates" || fail ${quote(`the certificates in ${dataDir} cannot be saved`)}
said=$(timeout -k 5 ${commandSeconds} ${quote(program)} certificate rotate --data-dir ${quote(dataDir)} 2>&1 </dev/null) || fail "certificate rotate: $(printf '%s' "$said" | tail -n 3 | cut -c 1-300)"`;
}

/** Shell of a roll-back: the certificates of before are back, where this transaction has saved them. */
export const takeBackCertificates = `if [ -d "$transaction/certificates" ]; then
  stop_unit || fail "$unit cannot be stopped"
  take_back_certificates "$transaction/certificates" || fail "the certificates of before cannot be put back"
fi`;

/**
 * Shell functions of the above.
 *
 * - `save_certificates DATA SAVED`: a copy of the certificates and keys of a server and of its node, there whole or not at all, root's only.
 * - `take_back_certificates SAVED`: they are where they were. May be repeated; what a start has made meanwhile has the same names.
 */
export const certificateFunctions = `save_certificates() {
  unfinished=$2.new
  rm -rf -- "$2" "$unfinished" && ( umask 077; mkdir -p -- "$unfinished/files" ) && printf '%s\\n' "$1" >"$unfinished/directory" || return 1
  (
    cd -- "$1" || exit 1
    [ ! -d server/tls ] || find server/tls -type f -exec cp -a --parents -t "$unfinished/files" -- {} + || exit 1
    [ ! -d agent ] || find agent -maxdepth 1 -type f \\( -name '*.crt' -o -name '*.key' \\) -exec cp -a --parents -t "$unfinished/files" -- {} +
  ) && sync_tree "$unfinished" && mv -T -- "$unfinished" "$2" && sync -- "\${2%/*}"
}
take_back_certificates() {
  IFS= read -r data <"$1/directory" || return 1
  rm -f -- "$data/server/tls/dynamic-cert-regenerate"
  ( cd -- "$1/files" && find . -type f -exec cp -a --parents -t "$data" -- {} + ) || return 1
  ( cd -- "$1/files" && find . -type f -printf '%P\\0' ) | ( cd -- "$data" && xargs -0 -r sync -- )
}`;
