/** For tests of joins: a board as a directory, a cluster's API in memory, and a kubelet that asks it for a certificate. */
import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ApiException, type V1Node, type V1Secret } from "@kubernetes/client-node";
import { stateDirectory } from "../ssh/file-questions";
import { bootstrapKubeconfig, joinPaths, tokenIn } from "./join-files";

/** Certificates of openssl: a CA, and one of a node that it has signed. */
export class Certificates {
  readonly #directory = mkdtempSync(join(tmpdir(), "k3s-board-ca-"));
  readonly ca: string;

  constructor() {
    this.#openssl("req", "-x509", "-subj", "/CN=kubernetes", "-days", "2", ...this.#newKey("ca"), "-out", "ca.crt");
    this.ca = readFileSync(join(this.#directory, "ca.crt"), "utf8");
  }

  /** Certificate and key of a node in one text, as kubelet has them. */
  ofNode(node: string, days = 2): string {
    this.#openssl(
      "req",
      "-new",
      "-subj",
      `/O=system:nodes/CN=system:node:${node}`,
      ...this.#newKey("node"),
      "-out",
      "node.csr",
    );
    const signer = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", String(days)];
    this.#openssl("x509", "-req", "-in", "node.csr", ...signer, "-out", "node.crt");
    const text = (name: string) => readFileSync(join(this.#directory, name), "utf8");
    return `${text("node.crt")}${text("node.key")}`;
  }

  dispose(): void {
    rmSync(this.#directory, { recursive: true });
  }

  #newKey(name: string): string[] {
    return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", `${name}.key`];
  }

  #openssl(...args: string[]): void {
    execFileSync("openssl", args, { cwd: this.#directory, stdio: "ignore" });
  }
}

/** Secrets and nodes of a cluster. */
export class MemoryCluster {
  readonly secrets = new Map<string, V1Secret>();
  nodes: V1Node[] = [];
  /** Whether the API server answers. */
  isUp = true;

  /** What `clientFromBoard` gives. */
  readonly client = { api: () => this.#core };

  readonly #core = {
    createNamespacedSecret: ({ body }: { body: V1Secret }) =>
      this.#answer(() => {
        if (this.secrets.has(nameOf(body))) throw new ApiException(409, "exists", {}, {});
        this.secrets.set(nameOf(body), body);
      }),
    replaceNamespacedSecret: ({ name, body }: { name: string; body: V1Secret }) =>
      this.#answer(() => this.secrets.set(name, body)),
    deleteNamespacedSecret: ({ name }: { name: string }) =>
      this.#answer(() => {
        if (!this.secrets.delete(name)) throw new ApiException(404, "there is none", {}, {});
      }),
    listNode: () => this.#answer(() => ({ items: this.nodes })),
    readNode: ({ name }: { name: string }) =>
      this.#answer(() => {
        const found = this.nodes.find((node) => nameOf(node) === name);
        if (found === undefined) throw new ApiException(404, "there is none", {}, {});
        return found;
      }),
  };

  /** A node registers, and gets its part of the network of pods. */
  register(name: string): void {
    const others = this.nodes.filter((node) => nameOf(node) !== name);
    this.nodes = [...others, { metadata: { name }, spec: { podCIDR: "10.244.1.0/24" } }];
  }

  #answer<Result>(work: () => Result): Promise<Result> {
    return this.isUp ? Promise.resolve().then(work) : Promise.reject(new Error("connect ECONNREFUSED 192.0.2.7:6443"));
  }
}

function nameOf({ metadata }: V1Node | V1Secret): string {
  return metadata?.name ?? "";
}

/** A board whose root directory is one of the test's; its scripts run for real, as whoever runs the test. */
export class DirectoryBoard {
  readonly label = "root@w1.example:22";
  readonly #root = mkdtempSync(join(tmpdir(), "k3s-board-join-"));

  constructor() {
    this.put("/bin/chown", "#!/bin/sh\n", 0o755);
  }

  at(path: string): string {
    return join(this.#root, path);
  }

  put(path: string, text: string, mode = 0o644): void {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    writeFileSync(this.at(path), text, { mode });
  }

  has(path: string): boolean {
    return existsSync(this.at(path));
  }

  text(path: string): string {
    return readFileSync(this.at(path), "utf8");
  }

  mode(path: string): string {
    return (lstatSync(this.at(path)).mode & 0o777).toString(8);
  }

  run(script: string, { stdin }: { readonly stdin?: Buffer } = {}) {
    const here = [stateDirectory, "/etc/kubernetes", "/etc/cni", "/var/lib/kubelet", "/opt/test"].reduce(
      (text, path) => text.replaceAll(path, this.at(path)),
      script,
    );
    const { status, stdout, stderr } = spawnSync("sh", ["-c", `PATH=${this.at("/bin")}:$PATH\n${here}`], {
      input: stdin ?? "",
      encoding: "utf8",
    });
    return Promise.resolve({ code: status ?? -1, stdout, stderr });
  }

  ask(_key: string, fragment: string) {
    return this.run(fragment);
  }

  file(path: string) {
    return Promise.resolve(
      this.has(path) ? { kind: "file", content: readFileSync(this.at(path)) } : { kind: "absent" },
    );
  }

  /** kubelet starts: where it has no certificate it asks for one, with a token that the cluster knows, and registers its node. */
  startKubelet(cluster: MemoryCluster, certificates: Certificates, node: string): void {
    if (this.has(joinPaths.certificate)) return cluster.register(node);
    const bootstrap = this.text(joinPaths.bootstrap);
    const token = tokenIn(bootstrap);
    this.put(joinPaths.kubeconfig, bootstrap.replace(/token: .*/, `client-certificate: ${joinPaths.certificate}`));
    const known = cluster.secrets.get(`bootstrap-token-${token?.id ?? ""}`)?.stringData;
    if (known?.["token-secret"] !== token?.secret || new Date(known?.expiration ?? 0) < new Date()) return;
    this.put("/var/lib/kubelet/pki/kubelet-client-1.pem", certificates.ofNode(node));
    symlinkSync("kubelet-client-1.pem", this.at(joinPaths.certificate));
    cluster.register(node);
  }

  dispose(): void {
    rmSync(this.#root, { recursive: true });
  }
}

/** An administrator's kubeconfig of a cluster, as far as a join reads it. */
export function administratorOf(server: string, ca: string): string {
  return bootstrapKubeconfig({ server, ca }, { id: "admin0", secret: "0123456789abcdef" });
}
