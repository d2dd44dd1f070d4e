import type { z } from "zod";

/** Refuses half of a login: a registry with a password alone would ask for none, and one with a user name alone would have an empty password. */
export function wholeLogin(
  registry: { readonly username?: string | undefined; readonly password?: string | undefined },
  context: z.core.$RefinementCtx,
): void {
  if ((registry.username === undefined) === (registry.password === undefined)) return;
  const path = registry.username === undefined ? "username" : "password";
  context.addIssue({ code: "custom", path: [path], message: "expected both username and password, or neither" });
}
