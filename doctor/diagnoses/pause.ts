import type { Facts } from "../facts";
import { finding, type Finding } from "../findings";
import { fitsBoard, fullNameOf, imageOnBoard, pauseImageOf } from "../images";
import { factsAt, nodeOf } from "../node";
import { chainOf, platformOf, said, troubles, type Trouble } from "../trouble";

/** What a sandbox says whose first process ended at once, and what is left of it then. */
const dead =
  /sandbox container "?\w+"? is not running|can't find shim for sandbox|failed to start sandbox.*exec format error/;

/** What a container says whose sandbox was there a moment ago: the program of a sandbox that cannot be run ends only after the sandbox was told to be well. */
const bereft = /namespace path: lstat \/proc\/\d+\/ns\/|ttrpc: closed/;

/** Whether a sandbox dies of its own program: a restart of containerd ends one too, and once. */
function isDying(facts: Facts, { pod, message }: Trouble): boolean {
  const ended = facts.sandboxes?.filter(({ uid, ready }) => uid === pod.uid && !ready) ?? [];
  return dead.test(message) || (bereft.test(message) && ended.length > 1);
}

/** What is wrong with the image of the pod sandbox, without which no pod starts; each node has its own. */
export function pauseFindings(facts: Facts): Finding[] {
  const all = troubles(facts);
  const image = fullNameOf(pauseImageOf(facts));
  const nodes = new Set(all.map(({ pod }) => pod.node));
  return [...nodes].flatMap((node) =>
    onNode(
      factsAt(facts, node),
      image,
      all.filter(({ pod }) => pod.node === node),
    ),
  );
}

function onNode(facts: Facts, image: string, all: readonly Trouble[]): Finding[] {
  const platform = platformOf(facts);
  const onBoard = imageOnBoard(facts, image);
  const sandbox = all.filter(({ reason }) => reason === "FailedCreatePodSandBox");
  const context = (told: typeof all) => ({
    evidence: told.map(said),
    hangs: told.map(({ pod }) => chainOf(pod)),
    node: nodeOf(told.map(({ pod }) => pod)),
  });

  const refused = sandbox.filter(({ message }) =>
    /parent snapshot \S+ does not exist|no match for platform/.test(message),
  );
  const dying = all.filter((trouble) => isDying(facts, trouble));
  const failing = [...refused, ...dying];
  if (failing.length > 0 && onBoard !== undefined && !fitsBoard(facts, onBoard.platforms)) {
    const found = onBoard.platforms.join(", ");
    const { evidence, ...rest } = context(failing);
    const listed = `ctr images ls: ${onBoard.name} ${onBoard.digest} ${found}`;
    return [
      finding("pause-wrong-architecture", { image, found, platform }, { evidence: [listed, ...evidence], ...rest }),
    ];
  }
  const noPlatform = sandbox.filter(({ message }) => /no match for platform/.test(message));
  if (noPlatform.length > 0) return [finding("image-no-platform", { image, platform }, context(noPlatform))];
  const missing = sandbox.filter(({ message }) => /failed to (pull|get sandbox) image/.test(message));
  if (missing.length > 0) {
    const [, asked = image] = /failed to (?:pull|get sandbox) image "([^"]+)"/.exec(missing[0]?.message ?? "") ?? [];
    return [finding("pause-missing", { image: fullNameOf(asked) }, context(missing))];
  }
  return dying.length > 0 ? [finding("pause-elf-differs", { image, platform }, context(dying))] : [];
}
