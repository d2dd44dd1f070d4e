import type { DiagnosisId } from "../../../doctor/catalogue";

/** Ports at which this machine answers the board, which sees it as 10.0.2.2. */
export interface Ports {
  /** A registry of faults, which speaks http: see `faulty-registries.ts`. */
  readonly registry: number;
  /** Nobody listens there. */
  readonly closed: number;
  /** A registry that answers in http whatever it is asked with. */
  readonly plain: number;
  /** A registry that speaks https, with a certificate that nobody has signed. */
  readonly untrusted: number;
}

/** A way to break a board, what the doctor has to say then, and the way back. */
export interface Break {
  readonly expected: DiagnosisId;
  /** A shell script. Returns when the board is broken, or soon will be. */
  readonly break: (ports: Ports) => string;
  readonly mend: (ports: Ports) => string;
  /** Words that the remedy has to have. */
  readonly remedy: RegExp;
}

/** This machine, as the board sees it. */
export const host = "10.0.2.2";
/** An image that the board has. */
export const hello = "docker.io/k3s-board/hello:1.0";
/** A file of k3s's configuration that is read after all others. */
export const configuration = "/etc/rancher/k3s/config.yaml.d/99-broken.yaml";
export const registries = "/etc/rancher/k3s/registries.yaml";

/** A pod `broken` that asks for an image. */
export const pod = (image: string, more = "imagePullPolicy: IfNotPresent") =>
  `k3s kubectl apply -f - <<'END'
{apiVersion: v1, kind: Pod, metadata: {name: broken}, spec: {terminationGracePeriodSeconds: 0, containers: [{name: main, image: "${image}", ${more}}]}}
END`;
export const noPod = () => "k3s kubectl delete pod broken --now --ignore-not-found";

const certs = "/var/lib/rancher/k3s/agent/etc/containerd/certs.d";
/** containerd reads this directory at each pull: it asks the registry of faults with http then. */
export const asked = ({ registry }: Ports) => `mkdir -p ${certs}/${host}:${registry}
printf 'server = "http://${host}:${registry}"\\n[host."http://${host}:${registry}"]\\n' >${certs}/${host}:${registry}/hosts.toml`;
export const forgotten = ({ registry }: Ports) => `${noPod()}; rm -r ${certs}/${host}:${registry}`;

/** k3s is asked to start anew, and not waited for. */
export const restart = "systemctl restart --no-block k3s";
