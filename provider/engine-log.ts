import { credentials } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import type { Severity } from "./resource";

const severities: Record<Severity, LogSeverity> = {
  debug: LogSeverity.DEBUG,
  info: LogSeverity.INFO,
  warning: LogSeverity.WARNING,
};

/** Speaks to the user through the engine, beside a resource. */
export class EngineLog {
  readonly #client: EngineClient | undefined;
  readonly #said = new Set<string>();
  readonly #sending = new Set<Promise<void>>();

  /** @param address - where the engine listens; without it (started by hand) nothing is shown. */
  constructor(address: string | undefined) {
    if (address) this.#client = new EngineClient(address, credentials.createInsecure());
  }

  /** Shows a message beside the resource `urn`. The same note twice in a run is shown once: a refreshing preview asks for each diff twice. */
  say(urn: string, severity: Severity, message: string): void {
    const identity = `${urn}\n${severity}\n${message}`;
    const client = this.#client;
    if (!client || this.#said.has(identity)) return;
    this.#said.add(identity);
    const request = new LogRequest();
    request.setUrn(urn);
    request.setSeverity(severities[severity]);
    request.setMessage(message);
    const sent = new Promise<void>((resolve) => {
      // A message that does not arrive must not fail the operation that it comments.
      client.log(request, () => resolve());
    });
    this.#sending.add(sent);
    void sent.finally(() => this.#sending.delete(sent));
  }

  /** Waits until everything said has arrived, so that it is shown before the answer it belongs to. */
  async flush(): Promise<void> {
    await Promise.all(this.#sending);
  }
}
