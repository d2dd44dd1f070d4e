import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createConnection, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { dump } from "js-yaml";
import { htpasswd } from "../../components/registry/configuration";
import { buildGo } from "../../tools/go";
import { hostArchitecture } from "../../tools/host-architecture";
import { silentProgress } from "../../tools/progress";

/** Options of {@link RegistryServer.start}. */
export interface RegistryServerOptions {
  /** Whether requests are written to the log. Defaults to false. */
  readonly accessLog?: boolean;
  readonly login?: { readonly username: string; readonly password: string };
  /** Whether tags and manifests can be deleted. Defaults to true. */
  readonly deletes?: boolean;
  /** Bearer tokens, checked against a key set; see the registry's `auth.token`. */
  readonly token?: { readonly realm: string; readonly service: string; readonly issuer: string; readonly jwks: string };
  readonly tls?: { readonly certificate: string; readonly key: string };
}

/** A real registry (CNCF distribution, the module that boards get) on a loopback port, with storage of its own. */
export class RegistryServer {
  readonly #directory = mkdtempSync(join(tmpdir(), "registry-"));
  #process: ChildProcess | undefined;

  private constructor(
    private readonly program: string,
    readonly port: number,
    private readonly options: RegistryServerOptions,
  ) {}

  static async start(options: RegistryServerOptions = {}): Promise<RegistryServer> {
    const { path } = await buildGo(
      {
        module: resolve(__dirname, "../../tools/modules/registry"),
        packagePath: "github.com/distribution/distribution/v3/cmd/registry",
        goarch: hostArchitecture(),
        name: "registry",
      },
      silentProgress,
    );
    const server = new RegistryServer(path, await freePort(), options);
    await server.run();
    return server;
  }

  get url(): string {
    return `${this.options.tls ? "https" : "http"}://127.0.0.1:${this.port}`;
  }

  /** Starts the process (again), on the same port and storage. */
  async run(): Promise<void> {
    const { login, token, deletes = true, tls, accessLog = false } = this.options;
    if (login) writeFileSync(join(this.#directory, "htpasswd"), htpasswd(login.username, login.password));
    const config = {
      version: 0.1,
      log: { level: "warn", accesslog: { disabled: !accessLog } },
      storage: { filesystem: { rootdirectory: join(this.#directory, "data") }, delete: { enabled: deletes } },
      http: { addr: `127.0.0.1:${this.port}`, ...(tls ? { tls } : {}) },
      ...(token ? { auth: { token } } : {}),
      ...(login ? { auth: { htpasswd: { realm: "test", path: join(this.#directory, "htpasswd") } } } : {}),
    };
    writeFileSync(join(this.#directory, "config.yml"), dump(config));
    const log = openSync(this.log, "a");
    this.#process = spawn(this.program, ["serve", join(this.#directory, "config.yml")], {
      stdio: ["ignore", log, log],
      env: { ...process.env, OTEL_TRACES_EXPORTER: "none" },
    });
    for (let attempt = 0; attempt < 100; attempt++) {
      if (await answers(this.port)) return;
      if (this.#process.exitCode !== null) break;
      await sleep(50);
    }
    throw new Error(`the registry did not start:\n${readFileSync(this.log, "utf8")}`);
  }

  get log(): string {
    return join(this.#directory, "log");
  }

  /** Ends the process at once; its storage stays. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null) return;
    const gone = new Promise((done) => child.once("exit", done));
    child.kill("SIGKILL");
    await gone;
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (address && typeof address === "object" ? done(address.port) : fail(new Error("no port"))));
    });
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = createConnection(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      done(true);
    });
    socket.once("error", () => done(false));
  });
}
