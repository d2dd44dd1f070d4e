/** For tests of component graphs: what a program registers with Pulumi's mocks. */
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks";
import { beforeEach, vi } from "vitest";

/** A resource as it was registered with the engine. Secrets are still wrapped in `inputs`. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Names of the resources that it waits for. */
  readonly dependencies: readonly string[];
  /** Name of the component that it belongs to. */
  readonly parent: string;
  readonly secretOutputs: readonly string[];
}

/** What this test has registered so far, in order. */
export const registered: Registered[] = [];

/** A resource by its name. */
export const find = (name: string) => registered.find((resource) => resource.name === name);

const nameOf = (urn: string) => urn.slice(urn.lastIndexOf("::") + 2);

beforeEach(() => {
  registered.length = 0;
});

const register = Object.getOwnPropertyDescriptor(MockMonitor.prototype, "registerResource")
  ?.value as MockMonitor["registerResource"];
// The mocks of the SDK tell neither dependencies nor which part of an input is secret: look at what goes over the wire.
vi.spyOn(MockMonitor.prototype, "registerResource").mockImplementation(function (
  this: MockMonitor,
  request: RegisterResourceRequest,
  callback,
) {
  registered.push({
    type: request.getType(),
    name: request.getName(),
    inputs: request.getObject()?.toJavaScript() ?? {},
    dependencies: request.getDependenciesList().map(nameOf),
    parent: nameOf(request.getParent()),
    secretOutputs: request.getAdditionalsecretoutputsList(),
  });
  return register.call(this, request, callback);
});
