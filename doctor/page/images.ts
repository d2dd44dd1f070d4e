import type { Facts } from "../facts";
import type { Finding } from "../findings";
import { fitsBoard, fullNameOf } from "../images";
import { ownPods } from "../node";
import { platformOf } from "../trouble";

/** An image as the page shows it. */
export interface ShownImage {
  readonly name: string;
  /** `absent`: a pod asks for it and it is not on the board. `lies`: it says it is for the board, and a program in it is not. */
  readonly state: "fits" | "differs" | "lies" | "absent" | "unknown";
  /** As containerd reads them from the image, the board's own first: `linux/riscv64`. */
  readonly platforms: readonly string[];
  /** First characters of the digest; empty for what is absent. */
  readonly digest: string;
  readonly pinned: boolean;
  /** Pods that ask for it, `namespace/name`. */
  readonly pods: readonly string[];
}

const lying = new Set(["image-elf-differs", "pause-elf-differs"]);
const worst: readonly ShownImage["state"][] = ["absent", "lies", "differs", "unknown", "fits"];

/** The images on a board and those that its pods ask for, what is wrong first. Names that are digests only are left out. */
export function shownImages(facts: Facts, findings: readonly Finding[]): ShownImage[] {
  const wanted = platformOf(facts);
  const users = usersOf(facts);
  const lies = new Set(findings.flatMap(({ id, values }) => (lying.has(id) ? [values.image ?? ""] : [])));
  const present = (facts.images ?? []).filter(({ name }) => !name.startsWith("sha256:") && !name.includes("@"));
  const shown = present.map(({ name, platforms, digest, pinned }): ShownImage => {
    const state = lies.has(name)
      ? "lies"
      : platforms.length === 0
        ? "unknown"
        : fitsBoard(facts, platforms)
          ? "fits"
          : "differs";
    const own = (platform: string) => platform === wanted || platform.startsWith(`${wanted}/`);
    const ordered = [...platforms.filter(own), ...platforms.filter((one) => !own(one))];
    return { name, state, platforms: ordered, digest: digest.slice(0, 19), pinned, pods: users.get(name) ?? [] };
  });
  const absent = [...users].flatMap(([name, pods]): ShownImage[] =>
    facts.images === undefined || facts.images.some((image) => image.name === name)
      ? []
      : [{ name, state: "absent", platforms: [], digest: "", pinned: false, pods }],
  );
  return [...absent, ...shown].sort(
    (a, b) => worst.indexOf(a.state) - worst.indexOf(b.state) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  );
}

/** The board's pods by the full name of an image that they ask for: what the pods of other nodes ask for has to be there. */
function usersOf(facts: Facts): ReadonlyMap<string, readonly string[]> {
  const users = new Map<string, string[]>();
  for (const { namespace, name, containers } of ownPods(facts))
    for (const image of new Set(containers.map((container) => fullNameOf(container.image))))
      users.set(image, [...(users.get(image) ?? []), `${namespace}/${name}`]);
  return users;
}
