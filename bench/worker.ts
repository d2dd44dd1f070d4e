/** One job of the benchmark in a process of its own: does what `npm run audit` and `npm run up` do with an image, and prints how long that took. */
import { performance } from "node:perf_hooks";
import { auditImage } from "../components/images/audit/audit";
import { buildImage } from "../components/images/build";
import { linux } from "../components/images/image";
import { RegistryClient } from "../provider/registry/client";
import { copyImage, type ImageSource } from "../provider/registry/copy";
import { readLayout } from "../provider/registry/layout";
import { layoutImage } from "../provider/registry/push";
import { silentProgress } from "../tools/progress";
import { coredns } from "./coredns";
import { job, type Job, type jobResult } from "./job";
import type { z } from "zod";

type Outcome = Pick<z.output<typeof jobResult>, "digest" | "programs">;

async function main(): Promise<void> {
  const task = job.parse(JSON.parse(process.argv[2] ?? ""));
  const before = process.cpuUsage();
  const begun = performance.now();
  const outcome = await perform(task);
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(before);
  process.stdout.write(`${JSON.stringify({ seconds, cpuSeconds: (user + system) / 1e6, ...outcome })}\n`);
}

async function perform(task: Job): Promise<Outcome> {
  switch (task.kind) {
    case "load":
      return { digest: "" };
    case "audit":
      return withClient(task.url, async (store) => {
        const { repository, tag, architecture } = task;
        const found = await auditImage({ store, repository, reference: tag, platform: linux(architecture) });
        if (found.verdict !== "fits") throw new Error(`the audit says ${found.verdict} of an image that fits`);
        return { digest: found.digest ?? "", programs: found.programs };
      });
    case "build": {
      const image = await buildImage(coredns, task.architecture, silentProgress);
      return withClient(task.url, (client) =>
        put(client, task, image.digest, async () => layoutImage(await readLayout(image.layout))),
      );
    }
    case "mirror":
      return withClient(task.from, (upstream) =>
        withClient(task.url, async (client) => {
          const digest = await upstream.resolve(task.repository, task.tag);
          if (digest === undefined) throw new Error(`${task.from} has no ${task.repository}:${task.tag}`);
          return put(client, task, digest, () => Promise.resolve(upstream.image(task.repository, digest)));
        }),
      );
  }
}

/** As `RegistryImage` does it: what is there under the tag already is left alone. */
async function put(
  client: RegistryClient,
  { repository, tag }: { readonly repository: string; readonly tag: string },
  digest: string,
  source: () => Promise<ImageSource>,
): Promise<Outcome> {
  if ((await client.resolve(repository, tag)) !== digest) {
    await copyImage(await source(), { client, repository, tag });
  }
  return { digest };
}

async function withClient<Result>(url: string, work: (client: RegistryClient) => Promise<Result>): Promise<Result> {
  const client = new RegistryClient({ url });
  try {
    return await work(client);
  } finally {
    client.close();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${(error as Error).stack ?? String(error)}\n`);
  process.exitCode = 1;
});
