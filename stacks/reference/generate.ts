/** `npm run docs`: writes docs/configuration.md from the configuration's schema. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stackConfigSchema } from "../config";
import { referencePage } from "./page";

writeFileSync(join(__dirname, "../../docs/configuration.md"), referencePage(stackConfigSchema));
