import { z } from "zod";

/** What a stack is made of, in the order in which it is made. Hooks run before one of these, or after. */
export const stages = ["registry", "images", "k3s", "manifests", "ready", "workloads"] as const;

/** One of {@link stages}. */
export type Stage = (typeof stages)[number];

const stage = z.enum(stages);
const command = z.string().trim().min(1);

const hook = z
  .strictObject({
    before: stage.optional().describe("The stage that waits for the command. Either this or `after`."),
    after: stage.optional().describe("The stage that the command waits for; the next stage waits for the command."),
    create: command.describe(
      "Shell command, run on the board as root when the hook is new, and again when it, `stdin` or `triggers` change. Shown and " +
        "stored in clear.",
    ),
    delete: command
      .optional()
      .describe(
        "Shell command that undoes it, run before it runs again, when the hook leaves the configuration, and by `destroy`.",
      ),
    stdin: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Standard input of both commands (a config secret). What the commands print is then stored encrypted and not shown, but for " +
          "the output of one that fails.",
      ),
    triggers: z.array(z.string()).default([]).describe("Values of which any change runs the command again."),
    timeoutSeconds: z
      .number()
      .int()
      .positive()
      .default(600)
      .describe("Seconds until a command is ended, which is a failure."),
  })
  .refine(({ before, after }) => (before === undefined) !== (after === undefined), {
    message: "expected either before or after",
  });

/** The `hooks` section: the user's own one-shot commands, by name. Those at one place run one after the other, by name. */
export const hooksConfig = z
  .record(z.string().regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, "expected lower-case letters, digits and dashes"), hook)
  .default({});

/** {@link hooksConfig} with defaults filled in. */
export type HooksConfig = z.output<typeof hooksConfig>;

/** One hook. */
export type HookConfig = HooksConfig[string];

/** The stage that waits for a hook; `undefined` for one after the last stage, which nothing waits for. */
export function stageBehind({ before, after }: Pick<HookConfig, "before" | "after">): Stage | undefined {
  return before ?? stages[stages.indexOf(after ?? "workloads") + 1];
}
