import {
  Metadata,
  Server,
  ServerCredentials,
  status,
  type sendUnaryData,
  type ServerUnaryCall,
  type StatusObject,
} from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import type { Difference, Problem } from "./resource";
import type { Properties } from "./secrets";

/** A failed create or update that left something behind, for the engine to keep. */
export class InitializationFailure extends Error {
  constructor(
    readonly id: string,
    readonly properties: Properties,
    message: string,
  ) {
    super(message);
  }
}

/** What the engine asks of a provider; values are as on the wire, secrets wrapped. */
export interface Handlers {
  check(urn: string, olds: Properties, news: Properties): Promise<{ inputs: Properties; problems: readonly Problem[] }>;
  diff(urn: string, olds: Properties, news: Properties): Promise<Difference>;
  create(urn: string, inputs: Properties): Promise<{ id: string; properties: Properties }>;
  /** `oldInputs` are the inputs of the last update, newer than `properties` in what never causes an update. */
  read(
    urn: string,
    id: string,
    properties: Properties,
    oldInputs: Properties,
  ): Promise<{ properties: Properties; inputs: Properties } | undefined>;
  update(urn: string, id: string, olds: Properties, news: Properties): Promise<Properties>;
  delete(urn: string, id: string, properties: Properties, oldInputs: Properties): Promise<void>;
  invoke(token: string, args: Properties): Promise<{ outputs: Properties; problems: readonly Problem[] }>;
  cancel(): void;
}

type Call<Request> = ServerUnaryCall<Request, unknown>;

/**
 * Serves the provider protocol on a loopback port and resolves to the port.
 *
 * The server of `@pulumi/pulumi` is not used because it hides the inputs from `read` and `delete`: without them a board that moved to
 * another address could only be refreshed and destroyed at its old one. Creates and updates in a preview are answered by the engine
 * itself, because the answer to `Configure` does not offer to support them.
 *
 * @param handlers - asked for at the first question to a resource.
 */
export async function serve(handlers: () => Handlers, version: string): Promise<number> {
  const server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  server.addService(ResourceProviderService, {
    getPluginInfo: unary(() => {
      const info = new PluginInfo();
      info.setVersion(version);
      return info;
    }),
    getSchema: unary(() => {
      const response = new messages.GetSchemaResponse();
      response.setSchema("{}");
      return response;
    }),
    configure: unary(() => {
      const response = new messages.ConfigureResponse();
      response.setAcceptsecrets(true);
      return response;
    }),
    check: unary(async ({ request }: Call<messages.CheckRequest>) => {
      const { inputs, problems } = await handlers().check(
        request.getUrn(),
        fromWire(request.getOlds()),
        fromWire(request.getNews()),
      );
      const response = new messages.CheckResponse();
      response.setInputs(toWire(inputs));
      response.setFailuresList(problems.map(toFailure));
      return response;
    }),
    diff: unary(async ({ request }: Call<messages.DiffRequest>) => {
      const { changed, replaces = [] } = await handlers().diff(
        request.getUrn(),
        fromWire(request.getOlds()),
        fromWire(request.getNews()),
      );
      const { DIFF_SOME, DIFF_NONE } = messages.DiffResponse.DiffChanges;
      const response = new messages.DiffResponse();
      response.setChanges(changed.length + replaces.length > 0 ? DIFF_SOME : DIFF_NONE);
      response.setDiffsList([...new Set([...changed, ...replaces])]);
      response.setReplacesList([...replaces]);
      response.setDeletebeforereplace(replaces.length > 0);
      return response;
    }),
    create: unary(async ({ request }: Call<messages.CreateRequest>) => {
      const { id, properties } = await handlers().create(request.getUrn(), fromWire(request.getProperties()));
      const response = new messages.CreateResponse();
      response.setId(id);
      response.setProperties(toWire(properties));
      return response;
    }),
    read: unary(async ({ request }: Call<messages.ReadRequest>) => {
      const found = await handlers().read(
        request.getUrn(),
        request.getId(),
        fromWire(request.getProperties()),
        fromWire(request.getInputs()),
      );
      const response = new messages.ReadResponse();
      if (!found) return response;
      response.setId(request.getId());
      response.setProperties(toWire(found.properties));
      response.setInputs(toWire(found.inputs));
      return response;
    }),
    update: unary(async ({ request }: Call<messages.UpdateRequest>) => {
      const properties = await handlers().update(
        request.getUrn(),
        request.getId(),
        fromWire(request.getOlds()),
        fromWire(request.getNews()),
      );
      const response = new messages.UpdateResponse();
      response.setProperties(toWire(properties));
      return response;
    }),
    delete: unary(async ({ request }: Call<messages.DeleteRequest>) => {
      await handlers().delete(
        request.getUrn(),
        request.getId(),
        fromWire(request.getProperties()),
        fromWire(request.getOldInputs()),
      );
      return new Empty();
    }),
    invoke: unary(async ({ request }: Call<messages.InvokeRequest>) => {
      const { outputs, problems } = await handlers().invoke(request.getTok(), fromWire(request.getArgs()));
      const response = new messages.InvokeResponse();
      response.setReturn(toWire(outputs));
      response.setFailuresList(problems.map(toFailure));
      return response;
    }),
    cancel: unary(() => {
      handlers().cancel();
      return new Empty();
    }),
    attach: unary(() => new Empty()),
  });
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    );
  });
}

/** A handler whose result or error becomes the answer. */
function unary<Request, Response>(handle: (call: Call<Request>) => Response | Promise<Response>) {
  return (call: ServerUnaryCall<Request, Response>, respond: sendUnaryData<Response>): void => {
    Promise.resolve()
      .then(() => handle(call))
      .then(
        (response) => respond(null, response),
        (error: unknown) => respond(toStatus(error)),
      );
  };
}

function toStatus(error: unknown): Partial<StatusObject> {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof InitializationFailure)) return { code: status.UNKNOWN, details: message };
  const detail = new messages.ErrorResourceInitFailed();
  detail.setId(error.id);
  detail.setProperties(toWire(error.properties));
  detail.setReasonsList([message]);
  const any = new Any();
  any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const rich = new Status();
  rich.setCode(status.UNKNOWN);
  rich.setMessage(message);
  rich.addDetails(any);
  const metadata = new Metadata();
  // The key under which gRPC libraries carry structured errors.
  metadata.add("grpc-status-details-bin", Buffer.from(rich.serializeBinary()));
  return { code: status.UNKNOWN, details: message, metadata };
}

function toFailure({ property, reason }: Problem): messages.CheckFailure {
  const failure = new messages.CheckFailure();
  failure.setProperty(property);
  failure.setReason(reason);
  return failure;
}

function fromWire(struct: Struct | undefined): Properties {
  return struct?.toJavaScript() ?? {};
}

function toWire(properties: Properties): Struct {
  return Struct.fromJavaScript(properties as Record<string, JavaScriptValue>);
}
