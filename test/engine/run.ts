import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { runCli } from "../../cli/cli";

/** The command line on a project of its own, whose program makes notes with the `probe` provider: `run.ts up --stack s --yes`. */

const noteSchema = z.strictObject({
  path: z.string(),
  text: z.string(),
  waitSeconds: z.number().optional(),
  fail: z.string().optional(),
});
const notesSchema = z.record(z.string(), noteSchema);

class Note extends pulumi.CustomResource {
  constructor(name: string, args: z.output<typeof noteSchema>, options?: pulumi.CustomResourceOptions) {
    super("probe:index:Note", name, args, options);
  }
}

async function program(): Promise<Record<string, unknown>> {
  const config = new pulumi.Config();
  const notes = notesSchema.parse(config.requireObject("notes"));
  if (config.getBoolean("throws")) throw new Error("the program cannot go on");
  for (const [name, args] of Object.entries(notes)) new Note(name, args);
  return Promise.resolve({ count: Object.keys(notes).length, password: pulumi.secret("open sesame") });
}

const directory = process.env.ENGINE_TEST_PROJECT ?? resolve(__dirname, "project");
process.chdir(directory);
void runCli(process.argv.slice(2), {
  directory,
  loadProgram: () => Promise.resolve(program),
  checkConfig: (values) => {
    const parsed = z.strictObject({ notes: notesSchema, throws: z.boolean().optional() }).safeParse(values);
    if (!parsed.success) {
      throw new Error(
        parsed.error.issues.map(({ path, message }) => `${path.map(String).join(".")}: ${message}`).join("\n"),
      );
    }
  },
  idOf: (type, inputs) => (type === "probe:index:Note" ? String(inputs.path) : undefined),
}).then((code) => {
  process.exitCode = code;
});
