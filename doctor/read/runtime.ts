import { z } from "zod";
import type { Facts } from "../facts";

const metadata = z.object({
  name: z.string(),
  namespace: z.string().default(""),
  uid: z.string().default(""),
  attempt: z.number().default(0),
});
const pods = z.object({
  items: z.array(z.object({ id: z.string(), metadata, state: z.string() })).nullish(),
});
const containers = z.object({
  containers: z
    .array(
      z.object({
        id: z.string(),
        podSandboxId: z.string(),
        metadata: z.object({ name: z.string(), attempt: z.number().default(0) }),
        image: z.object({ image: z.string().default(""), userSpecifiedImage: z.string().default("") }).nullish(),
        state: z.string(),
      }),
    )
    .nullish(),
});

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Reads `crictl pods -o json`; `undefined` for what is none, such as one that was cut off. */
export function readSandboxes(text: string): Facts["sandboxes"] {
  const { data } = pods.safeParse(json(text));
  return (
    data?.items?.map(({ id, metadata: { name, namespace, uid, attempt }, state }) => ({
      id,
      namespace,
      name,
      uid,
      attempt,
      ready: state === "SANDBOX_READY",
    })) ?? (data === undefined ? undefined : [])
  );
}

/** Reads `crictl ps -a -o json`; `undefined` for what is none. */
export function readContainers(text: string): Facts["containers"] {
  const { data } = containers.safeParse(json(text));
  return (
    data?.containers?.map(({ id, podSandboxId, metadata: { name, attempt }, image, state }) => ({
      id,
      sandbox: podSandboxId,
      name,
      attempt,
      state: state.replace("CONTAINER_", "").toLowerCase(),
      image: image?.userSpecifiedImage || image?.image || "",
    })) ?? (data === undefined ? undefined : [])
  );
}
