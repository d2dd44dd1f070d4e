import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { LocalWorkspace, type PulumiFn, type Stack } from "@pulumi/pulumi/automation";
import { silentProgress } from "../../tools/progress";
import { ensurePulumi } from "../../tools/pulumi";

/**
 * A stack of the real engine with our provider and a program of the test's own. Its project is `project` in the scratch directory, its state in
 * `state` there.
 *
 * @param envVars - what the engine's environment has besides. Defaults to nothing.
 */
export async function inlineStack(
  scratch: string,
  program: PulumiFn,
  envVars: Readonly<Record<string, string>> = {},
): Promise<Stack> {
  process.env.PATH = `${dirname(await ensurePulumi(silentProgress))}:${process.env.PATH}`;
  const workDir = join(scratch, "project");
  mkdirSync(join(workDir, "state"), { recursive: true });
  const provider = join(__dirname, "../../provider");
  writeFileSync(
    join(workDir, "Pulumi.yaml"),
    `name: test\nruntime: nodejs\nplugins:\n  providers:\n    - name: board\n      path: ${provider}\n`,
  );
  const all = {
    PULUMI_BACKEND_URL: `file://${workDir}/state`,
    PULUMI_CONFIG_PASSPHRASE: "passphrase of a test",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    ...envVars,
  };
  return LocalWorkspace.createOrSelectStack(
    { stackName: "t", projectName: "test", program },
    { workDir, envVars: all },
  );
}
