import * as pulumi from "@pulumi/pulumi";
import { parseConfigValue } from "./config-value";
import { configKeys, parseStackConfig } from "./config";
import { isJoinStack, parseJoinStackConfig } from "./join-config";
import { joinStack } from "./join-stack";
import { k3sServerStack } from "./k3s-server";
import { kubeadmStack } from "./kubeadm";

/** The Pulumi program: reads the stack's configuration and makes what it says. Run by `pulumi up` (index.ts) and by the CLI inline. */
export async function program(): Promise<Record<string, unknown>> {
  const config = new pulumi.Config("k3s-board");
  const values = Object.fromEntries(
    configKeys.map((key) => {
      const text = config.get(key);
      return [key, text === undefined ? undefined : parseConfigValue(text)];
    }),
  );
  if (isJoinStack(values)) return { ...(await joinStack(parseJoinStackConfig(values))) };
  const stack = parseStackConfig(values);
  return { ...("kubeadm" in stack ? await kubeadmStack(stack) : await k3sServerStack(stack)) };
}
