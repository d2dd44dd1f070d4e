import { join } from "node:path";
import { RegistryClient } from "../provider/registry/client";
import { BenchRegistry } from "./bench-registry";
import { expectSame, samplePlace, type BenchCase, type Phase } from "./bench-case";
import { measured } from "./measure";
import { freshCache, runJob } from "./ours";
import { auditByHand, Buildah, copy, inspect, pull, theirEnvironment } from "./theirs";

const phases: readonly Phase[] = ["first", "again"];
const sampleName = `${samplePlace.repository}:${samplePlace.tag}`;

const audit: BenchCase = {
  name: "audit",
  about: "audit of an image of 200 MB in a registry",

  async ours({ platform, source, sample }, directory, record) {
    const cache = await freshCache(directory);
    const job = { kind: "audit", url: source.url, ...samplePlace, architecture: platform.architecture } as const;
    for (const phase of phases) {
      const run = await runJob(job, { directory, cache, registries: [source] });
      expectSame("the number of programs that our audit found", run.programs, sample.programs);
      record.ours(phase, run);
    }
  },

  async theirs({ platform, source, sample, layers }, directory, record) {
    const image = `${source.host}/${sampleName}`;
    const options = { directory, registries: [source], env: theirEnvironment(directory) };
    const layout = join(directory, "layout");
    for (const phase of phases) {
      const command = auditByHand(image, platform, { layout, tree: join(directory, `tree-${phase}`), layers });
      const { cost, output } = await measured(command, options);
      expectSame("the number of programs that `file` found", Number(output), sample.programs);
      record.theirs(phase, "skopeo, tar, file", cost);
    }
    const copied = await measured(pull(image, platform, layout), options);
    record.theirs("again", "skopeo copy, no look at programs", copied.cost, true);
    const inspected = await measured(inspect(image, platform), options);
    expectSame("the digest that skopeo sees", inspected.output.trim(), sample.digest);
    record.theirs("again", "skopeo inspect, no look at programs", inspected.cost, true);
  },
};

const build: BenchCase = {
  name: "build",
  about: "CoreDNS, compiled before, made an image and pushed",

  async ours({ platform }, directory, record) {
    const cache = await freshCache(directory);
    const place = { repository: "bench/coredns", tag: "1" };
    await BenchRegistry.with(async (registry) => {
      const job = { kind: "build", url: registry.url, ...place, architecture: platform.architecture } as const;
      for (const phase of phases) {
        const run = await runJob(job, { directory, cache, registries: [registry] });
        expectSame("what is under the tag", await digestAt(registry, place), run.digest);
        record.ours(phase, run);
      }
    });
  },

  async theirs({ platform, context }, directory, record) {
    const buildah = await Buildah.at(directory);
    const place = { repository: "bench/coredns", tag: "1" };
    await BenchRegistry.with(async (registry) => {
      const image = `${registry.host}/${place.repository}:${place.tag}`;
      const command = buildah.buildAndPush(context, platform, image);
      const digests: (string | undefined)[] = [];
      for (const phase of phases) {
        const options = { directory, registries: [registry], env: theirEnvironment(directory) };
        const { cost } = await measured(command, options);
        digests.push(await digestAt(registry, place));
        record.theirs(phase, `buildah (${buildah.driver})`, cost);
      }
      expectSame("what buildah pushed again", digests[1], digests[0]);
    });
  },
};

const mirror: BenchCase = {
  name: "mirror",
  about: "copy of an image of 200 MB from one registry to another",

  async ours({ source, sample }, directory, record) {
    const cache = await freshCache(directory);
    await BenchRegistry.with(async (registry) => {
      const job = { kind: "mirror", from: source.url, url: registry.url, ...samplePlace } as const;
      for (const phase of phases) {
        const run = await runJob(job, { directory, cache, registries: [source, registry] });
        expectSame("what is under the tag", await digestAt(registry, samplePlace), sample.digest);
        record.ours(phase, run);
      }
    });
  },

  async theirs({ source, sample }, directory, record) {
    await BenchRegistry.with(async (registry) => {
      const command = copy(`${source.host}/${sampleName}`, `${registry.host}/${sampleName}`);
      const options = { directory, registries: [source, registry], env: theirEnvironment(directory) };
      for (const phase of phases) {
        const { cost } = await measured(command, options);
        expectSame("what is under the tag", await digestAt(registry, samplePlace), sample.digest);
        record.theirs(phase, "skopeo copy", cost);
      }
    });
  },
};

/** All comparisons, in the order in which they run. */
export const benchCases: readonly BenchCase[] = [audit, build, mirror];

async function digestAt(
  { url }: BenchRegistry,
  { repository, tag }: { readonly repository: string; readonly tag: string },
): Promise<string | undefined> {
  const client = new RegistryClient({ url });
  try {
    return await client.resolve(repository, tag);
  } finally {
    client.close();
  }
}
