/** The CLI on a project elsewhere: `cli.ts <directory> <arguments>`. Same program, same provider, a state and a configuration of the test's own. */
import { runCli } from "../../cli/cli";
import { audit } from "../../cli/commands/audit";
import type { Project } from "../../cli/engine/project";
import { checkConfig } from "../../stacks/join-config";
import { program } from "../../stacks/program";

const [directory, ...args] = process.argv.slice(2);
if (directory === undefined) throw new Error("the project's directory is missing");

const project: Project = {
  directory,
  loadProgram: () => Promise.resolve(program),
  checkConfig,
};

process.chdir(directory);
const noDemo = () => Promise.reject(new Error("no demo here"));
void runCli(args, project, noDemo, (images, flags) => audit(project, images, flags)).then((code) => {
  process.exitCode = code;
});
