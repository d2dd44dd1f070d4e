import { bundledSpelling, parsePulledImage } from "../components/images/reference";
import type { Facts } from "./facts";
import { platformOf } from "./trouble";

/** The full name of an image, as containerd keeps it; a name that is none stays as it is. */
export function fullNameOf(image: string): string {
  try {
    return parsePulledImage(image).name;
  } catch {
    return image;
  }
}

/** The registry that an image's name asks. */
export function registryOf(image: string): string {
  try {
    return parsePulledImage(image).registry;
  } catch {
    return "docker.io";
  }
}

/** An image in containerd by the name that a pod asks for. */
export function imageOnBoard(facts: Facts, image: string) {
  const full = fullNameOf(image);
  return facts.images?.find(({ name }) => name === full);
}

/** A name under which an image lies in containerd without its registry in front, so that nobody finds it. */
export function nameWithoutDomain(facts: Facts, image: string): string | undefined {
  const full = fullNameOf(image);
  const short = [bundledSpelling(full), full.replace(/^docker\.io\/library\//, "")];
  return facts.images?.find(({ name }) => name !== full && short.includes(name))?.name;
}

/** Whether platforms have the board's; true where containerd does not tell any. */
export function fitsBoard(facts: Facts, platforms: readonly string[]): boolean {
  const wanted = platformOf(facts);
  return platforms.length === 0 || platforms.some((one) => one === wanted || one.startsWith(`${wanted}/`));
}

/** The image of the pod sandbox: of containerd's configuration, else k3s's default. */
export function pauseImageOf(facts: Facts): string {
  const config = facts.k3s?.containerdFiles.find(({ path }) => path.endsWith("/config.toml"))?.text ?? "";
  const [, image] = /^\s*sandbox(?:_image)? = ["'](.+)["']/m.exec(config) ?? [];
  const pulled = facts.events?.findLast(({ reason }) => reason === "FailedCreatePodSandBox")?.message ?? "";
  const [, asked] = /failed to (?:pull|get sandbox) image "([^"]+)"/.exec(pulled) ?? [];
  const onBoard = facts.images?.find(({ name }) => /(^|\/)(mirrored-)?pause:[^@]+$/.test(name))?.name;
  return image ?? asked ?? onBoard ?? "rancher/mirrored-pause";
}
