import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { V1Secret } from "@kubernetes/client-node";
import { runCommand } from "../../tools/command";
import type { TestBoard } from "./board";
import { apiCertificate, type ApiAnswer, type ApiRequest, type ApiServer, startApiServer } from "./api-server";

const secretsPath = "/api/v1/namespaces/kube-system/secrets";

/** As much of an API server as a join asks for: bootstrap tokens, and certificates for who comes with one that is good. */
export class JoinServer {
  readonly secrets = new Map<string, V1Secret>();
  /** Nodes that have a certificate, and so are registered. */
  readonly nodes = new Set<string>();
  /** Texts of the tokens that it has had. */
  readonly tokens: string[] = [];
  #server: ApiServer | undefined;

  private constructor(private readonly directory: string) {}

  /** @param directory - for its certificate and those of nodes. */
  static async start(directory: string): Promise<JoinServer> {
    const started = new JoinServer(directory);
    started.#server = await startApiServer(directory, (request) => started.#answer(request));
    return started;
  }

  get kubeconfig(): string {
    return this.#server?.kubeconfig ?? "";
  }

  get url(): string {
    return this.#server?.url ?? "";
  }

  get ca(): string {
    return this.#server?.ca ?? "";
  }

  stop(): void {
    this.#server?.stop();
  }

  async #answer({ line, body, token }: ApiRequest): Promise<ApiAnswer> {
    if (line === "GET /api/v1/nodes") return [200, { items: [] }];
    const [, asked = ""] = /^GET \/api\/v1\/nodes\/(\w+)$/.exec(line) ?? [];
    if (this.nodes.has(asked)) return [200, { metadata: { name: asked }, spec: { podCIDR: "10.244.1.0/24" } }];
    if (line === `POST ${secretsPath}`) return this.#put(JSON.parse(body) as V1Secret, true);
    if (line.startsWith(`PUT ${secretsPath}/`)) return this.#put(JSON.parse(body) as V1Secret, false);
    if (line.startsWith(`DELETE ${secretsPath}/`))
      return this.secrets.delete(line.slice(line.lastIndexOf("/") + 1)) ? [200, {}] : [404, {}];
    const [, node] = /^POST \/certificate\/(\w+)$/.exec(line) ?? [];
    if (node === undefined) return [404, {}];
    if (!this.#isGood(token)) return [401, {}];
    this.nodes.add(node);
    return [200, await this.#certificate(node)];
  }

  #put(secret: V1Secret, isNew: boolean): ApiAnswer {
    const name = secret.metadata?.name ?? "";
    if (isNew && this.secrets.has(name)) return [409, {}];
    this.secrets.set(name, secret);
    const { "token-id": id = "", "token-secret": text = "" } = secret.stringData ?? {};
    this.tokens.push(`${id}.${text}`);
    return [201, secret];
  }

  #isGood(token: string): boolean {
    const [id, text] = token.split(".");
    const known = this.secrets.get(`bootstrap-token-${id ?? ""}`)?.stringData;
    return known?.["token-secret"] === text && new Date(known?.expiration ?? 0) > new Date();
  }

  async #certificate(node: string): Promise<string> {
    const at = (name: string) => join(this.directory, name);
    const ca = apiCertificate(this.directory);
    const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", at("node.key")];
    const subject = ["-subj", `/O=system:nodes/CN=system:node:${node}`];
    await runCommand("openssl", ["req", "-new", ...newKey, ...subject, "-out", at("node.csr")]);
    const signer = ["-CA", ca.certificate, "-CAkey", ca.key, "-CAcreateserial", "-days", "2"];
    await runCommand("openssl", ["x509", "-req", "-in", at("node.csr"), ...signer, "-out", at("node.crt")]);
    return `${readFileSync(at("node.crt"), "utf8")}${readFileSync(at("node.key"), "utf8")}`;
  }
}

/**
 * A program that asks for a certificate as kubelet does: where it finds no kubeconfig that works it makes one of what it joins with, before it has a
 * certificate, and asks again and again.
 */
function writeStandInKubelet(path: string, node: string): void {
  const text = `#!/bin/sh
pem=/var/lib/kubelet/pki/kubelet-client-current.pem conf=/etc/kubernetes
if [ ! -s $pem ] || [ ! -s $conf/kubelet.conf ]; then
  mkdir -p /var/lib/kubelet/pki
  [ -s $conf/bootstrap-kubelet.conf ] || { echo "unable to load bootstrap kubeconfig" >&2; exit 1; }
  ( umask 077; sed "s|token: .*|client-certificate: $pem|" $conf/bootstrap-kubelet.conf >$conf/kubelet.conf )
  server=$(sed -n 's/^ *server: //p' $conf/bootstrap-kubelet.conf)
  # a token of digits is in quotation marks
  header=$(sed -n "s/^ *token: '*\\([a-z0-9.]*\\).*/header = \\"Authorization: Bearer \\1\\"/p" $conf/bootstrap-kubelet.conf)
  until [ -s $pem ]; do
    if echo "$header" | curl -sf -K - --cacert $conf/pki/ca.crt -X POST -o $pem.new $server/certificate/${node}; then
      mv $pem.new /var/lib/kubelet/pki/kubelet-client-1.pem
      ln -sfn kubelet-client-1.pem $pem
    fi
    sleep 1
  done
fi
exec sleep infinity
`;
  writeFileSync(path, text, { mode: 0o755 });
}

/** Where {@link prepareJoiningBoard} puts an administrator's kubeconfig, and a program in kubeadm's place. */
export const joiningPaths = {
  administrator: "/root/admin.conf",
  kubeadm: "/opt/kubeadm",
  resets: "/root/reset",
} as const;

/** Paths that a join makes; empty when there is nothing of one. */
export const joinLeftovers =
  "ls -d /etc/kubernetes /var/lib/kubelet /var/lib/k3s-board /usr/local/bin/kubelet 2>/dev/null || true";

/** Makes a board one that joins a cluster, and the control plane's too: what is asked of that is a kubeconfig. Its kubeadm resets, and says how it was called. */
export async function prepareJoiningBoard(test: TestBoard, cluster: JoinServer): Promise<void> {
  writeStandInKubelet(join(test.scratch, "kubelet"), "w1");
  const { administrator, kubeadm, resets } = joiningPaths;
  const kubeconfig = Buffer.from(cluster.kubeconfig).toString("base64");
  await test.sh(`umask 077; echo ${kubeconfig} | base64 -d >${administrator}
mkdir -p /opt; printf '#!/bin/sh\\necho "$*" >${resets}\\nrm -rf /etc/kubernetes/pki/* /etc/kubernetes/*.conf /var/lib/kubelet/*\\n' >${kubeadm}; chmod 755 ${kubeadm}`);
}
