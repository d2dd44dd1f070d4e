/* eslint-disable @typescript-eslint/no-require-imports -- loaded when they are needed: TypeScript's import() cannot be transpiled for require */
import { resolve } from "node:path";
import type * as Program from "../stacks/program";
import type * as Config from "../stacks/join-config";
import type * as Types from "../provider/types";
import { runCli } from "./cli";
import type * as Audit from "./commands/audit";
import type * as Doctor from "./commands/doctor";
import type * as Demo from "./demo/demo";
import type { Project } from "./engine/project";

const directory = resolve(__dirname, "..");

/** This repository as a Pulumi project. The program is loaded only by commands that run it: it takes a second. */
const project: Project = {
  directory,
  loadProgram() {
    const { program } = require("../stacks/program") as typeof Program;
    return Promise.resolve(program);
  },
  checkConfig(values) {
    const { checkConfig } = require("../stacks/join-config") as typeof Config;
    checkConfig(values);
  },
  removal(type, state) {
    const { removalNotes } = require("../provider/types") as typeof Types;
    return removalNotes(type, state);
  },
};

// Relative paths in a stack's configuration are relative to the project, as with `pulumi up`.
process.chdir(directory);
const code = runCli(
  process.argv.slice(2),
  project,
  (flags) => {
    const { demo } = require("./demo/demo") as typeof Demo;
    return demo(project, flags);
  },
  (images, flags) => {
    const { audit } = require("./commands/audit") as typeof Audit;
    return audit(project, images, flags);
  },
  (flags) => {
    const { doctor } = require("./commands/doctor") as typeof Doctor;
    return doctor(project, flags);
  },
);
void code.then((exitCode) => {
  process.exitCode = exitCode;
});
