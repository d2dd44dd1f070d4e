import { dump, loadAll } from "js-yaml";
import { kubernetesYaml } from "../../provider/kubernetes/manifest-documents";
import { isObject } from "../../provider/secrets";
import type { Delivery } from "../images/delivery/delivery";
import type { PlannedImage } from "../images/plan";
import { parsePulledImage } from "../images/reference";
import { podPaths } from "./images";

/** An image as a container has it. */
interface Use {
  readonly image: string;
  readonly policy: string | undefined;
}

/** What a container is to have instead; `undefined` where it is good as it is. */
export type Substitute = (use: Use) => Use | undefined;

/** A text with other images in it. */
export interface Rewritten {
  readonly content: string;
  /** One sentence for each change: `Deployment web: imagePullPolicy of app:1 is Never here, not Always`. */
  readonly changes: readonly string[];
}

/**
 * What pods have to say so that they get the images that the stack delivers. Images that it does not deliver are left alone, and so is what would
 * get the right image anyway: where pods cannot pull, only a container that would (`Always`, or no policy and `latest`) is changed.
 */
export function substituteDelivered(
  images: readonly PlannedImage[],
  { canPull, manifestImage }: Pick<Delivery, "canPull" | "manifestImage">,
): Substitute {
  const delivered = new Set(images.filter(({ strategy }) => strategy !== "keep").map(({ name }) => name));
  return ({ image, policy }) => {
    const pulled = pulledImage(image);
    if (pulled === undefined || !delivered.has(pulled.name)) return undefined;
    const given = manifestImage(pulled.name);
    const wouldPull = policy === "Always" || (policy === undefined && pulled.reference === "latest");
    const changed = {
      // as it is spelled: kubelet may know the image under that spelling only
      image: given.image === pulled.name ? image : given.image,
      policy: !canPull && wouldPull ? given.imagePullPolicy : policy,
    };
    return changed.image === image && changed.policy === policy ? undefined : changed;
  };
}

function pulledImage(image: string): ReturnType<typeof parsePulledImage> | undefined {
  try {
    return parsePulledImage(image);
  } catch {
    return undefined;
  }
}

/**
 * Puts other images into a manifest's pods: containers of all kinds and image volumes, in lists too. Documents without a change keep their text
 * and their comments.
 *
 * @throws for text that is not YAML.
 */
export function rewriteImages(text: string, substitute: Substitute): Rewritten {
  const changes: string[] = [];
  const content = documentsOf(text)
    .map((part) => {
      const before = changes.length;
      const documents = loadAll(part, { schema: kubernetesYaml }).map((document) => {
        rewriteObject(document, substitute, changes);
        return document;
      });
      if (changes.length === before) return part;
      return `---\n${documents.map((document) => dump(document, { schema: kubernetesYaml, lineWidth: -1, noRefs: true })).join("---\n")}`;
    })
    .join("");
  return { content, changes };
}

/** The parts of a text between the lines that begin a document; put together they are the text. Directives (`%YAML 1.1`) stay with their document. */
function documentsOf(text: string): string[] {
  const endsInDirective = /^%[^\n]*\n(?:[ \t]*(?:#[^\n]*)?\r?\n)*(?![^])/m;
  return text.split(/^(?=---(?:\s|$))/m).reduce<string[]>((parts, part) => {
    const before = parts.at(-1);
    return before !== undefined && endsInDirective.test(before)
      ? [...parts.slice(0, -1), before + part]
      : [...parts, part];
  }, []);
}

function rewriteObject(value: unknown, substitute: Substitute, changes: string[]): void {
  if (!isObject(value) || typeof value.kind !== "string") return;
  if (value.kind.endsWith("List") && Array.isArray(value.items)) {
    for (const item of value.items as unknown[]) rewriteObject(item, substitute, changes);
    return;
  }
  const pod = podPaths[value.kind]?.reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), value);
  if (!isObject(pod)) return;
  const name = isObject(value.metadata) ? String(value.metadata.name) : "?";
  const title = `${value.kind} ${name}`;
  for (const key of ["initContainers", "containers", "ephemeralContainers"])
    for (const container of listIn(pod, key)) rewriteUse(container, ["image", "imagePullPolicy"]);
  for (const volume of listIn(pod, "volumes"))
    if (isObject(volume.image)) rewriteUse(volume.image, ["reference", "pullPolicy"]);

  function rewriteUse(holder: Record<string, unknown>, [imageKey, policyKey]: readonly [string, string]): void {
    const { [imageKey]: image, [policyKey]: policy } = holder;
    if (typeof image !== "string" || (policy !== undefined && typeof policy !== "string")) return;
    const other = substitute({ image, policy });
    if (other === undefined) return;
    if (other.image !== image) changes.push(`${title}: ${image} is ${other.image} here`);
    if (other.policy !== policy)
      changes.push(`${title}: ${policyKey} of ${image} is ${other.policy} here, not ${policy ?? "Always"}`);
    holder[imageKey] = other.image;
    if (other.policy !== undefined) holder[policyKey] = other.policy;
  }
}

function listIn(pod: Record<string, unknown>, key: string): Record<string, unknown>[] {
  const list = pod[key];
  return Array.isArray(list) ? list.filter(isObject) : [];
}
