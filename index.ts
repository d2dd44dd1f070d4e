import { program } from "./stacks/program";

// Pulumi awaits a program that exports a function.
export = program;
