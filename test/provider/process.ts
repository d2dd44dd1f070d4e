import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { credentials, type ServiceError } from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";

type Properties = Record<string, unknown>;
type Unary<Request, Response> = (
  request: Request,
  callback: (error: ServiceError | null, response: Response) => void,
) => unknown;

/** The provider as the engine starts it: a process of its own, asked over its protocol. */
export class ProviderProcess {
  private constructor(
    private readonly process: ChildProcess,
    private readonly client: ResourceProviderClient,
  ) {}

  /** Starts it in a directory that has nothing to do with it. */
  static async start(environment: NodeJS.ProcessEnv = {}): Promise<ProviderProcess> {
    const script = join(__dirname, "../../provider/pulumi-resource-board");
    const child = spawn(script, [], {
      cwd: "/",
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, ...environment },
    });
    const port = await new Promise<string>((resolve, reject) => {
      createInterface(child.stdout).once("line", resolve);
      child.once("exit", (code) => reject(new Error(`the provider ended with ${code}`)));
    });
    return new ProviderProcess(child, new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure()));
  }

  kill(): void {
    this.client.close();
    this.process.kill("SIGKILL");
  }

  async check(urn: string, olds: Properties, news: Properties): Promise<{ inputs: Properties; failures: string[] }> {
    const request = new messages.CheckRequest();
    request.setUrn(urn);
    request.setOlds(struct(olds));
    request.setNews(struct(news));
    const response = await call<messages.CheckRequest, messages.CheckResponse>(
      (...all) => this.client.check(...all),
      request,
    );
    const failures = response
      .getFailuresList()
      .map((one) => (one.getProperty() ? `${one.getProperty()}: ${one.getReason()}` : one.getReason()));
    return { inputs: plain(response.getInputs()), failures };
  }

  async diff(urn: string, olds: Properties, news: Properties): Promise<{ diffs: string[]; replaces: string[] }> {
    const request = new messages.DiffRequest();
    request.setUrn(urn);
    request.setOlds(struct(olds));
    request.setNews(struct(news));
    const response = await call<messages.DiffRequest, messages.DiffResponse>(
      (...all) => this.client.diff(...all),
      request,
    );
    return { diffs: response.getDiffsList(), replaces: response.getReplacesList() };
  }

  async create(urn: string, inputs: Properties): Promise<Properties> {
    const request = new messages.CreateRequest();
    request.setUrn(urn);
    request.setProperties(struct(inputs));
    const response = await call<messages.CreateRequest, messages.CreateResponse>(
      (...all) => this.client.create(...all),
      request,
    );
    return plain(response.getProperties());
  }

  async read(
    urn: string,
    id: string,
    properties: Properties,
    inputs: Properties,
  ): Promise<{ properties: Properties; inputs: Properties }> {
    const request = new messages.ReadRequest();
    request.setUrn(urn);
    request.setId(id);
    request.setProperties(struct(properties));
    request.setInputs(struct(inputs));
    const response = await call<messages.ReadRequest, messages.ReadResponse>(
      (...all) => this.client.read(...all),
      request,
    );
    return { properties: plain(response.getProperties()), inputs: plain(response.getInputs()) };
  }

  async delete(urn: string, id: string, properties: Properties): Promise<void> {
    const request = new messages.DeleteRequest();
    request.setUrn(urn);
    request.setId(id);
    request.setProperties(struct(properties));
    await call<messages.DeleteRequest, unknown>((...all) => this.client.delete(...all), request);
  }
}

/** A value as the engine marks a secret. */
export function secret(value: unknown): Properties {
  return { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value };
}

function call<Request, Response>(method: Unary<Request, Response>, request: Request): Promise<Response> {
  return new Promise((resolve, reject) => {
    method(request, (error, response) => (error ? reject(new Error(error.details)) : resolve(response)));
  });
}

function struct(properties: Properties): Struct {
  return Struct.fromJavaScript(properties as Record<string, JavaScriptValue>);
}

function plain(properties: Struct | undefined): Properties {
  return properties?.toJavaScript() ?? {};
}
