import { posix } from "node:path";
import type { Elf } from "../elf";

/** What the check of programs has to know of a regular file. */
export interface FileContent {
  /** Digest of the layer that brought it. */
  readonly layer: string;
  /** Its ELF header; `undefined` for a file that is no ELF file. */
  readonly elf?: Elf;
  /** Why its ELF header cannot be read. */
  readonly damage?: string;
}

/** One entry of a layer. Paths are absolute ones in the image; `target` of a hard link is too, that of a symlink is as it was written. */
export type LayerEntry =
  | { readonly kind: "file"; readonly path: string; readonly elf?: Elf; readonly damage?: string }
  | { readonly kind: "directory" | "other"; readonly path: string }
  | { readonly kind: "symlink" | "hardlink"; readonly path: string; readonly target: string };

interface Directory {
  readonly kind: "directory";
  /** Number of the layer that brought the entry or had it last. */
  layer: number;
  readonly children: Map<string, Node>;
}

interface Leaf {
  readonly kind: "file" | "symlink" | "other";
  readonly layer: number;
  readonly content?: FileContent;
  readonly target?: string;
}

type Node = Directory | Leaf;

/** A place in the tree, whether something is there or not. */
interface Place {
  readonly directory: Directory;
  readonly name: string;
}

const whiteoutPrefix = ".wh.";
const opaqueWhiteout = ".wh..wh..opq";
/** Of AUFS's own bookkeeping, which old layers carry. */
const aufsPrefix = ".wh..wh.";
/** As Linux follows them. */
const symlinkLimit = 40;

/**
 * The file tree that a container gets from an image's layers, as containerd puts it together: a layer's entries lie over what was there before,
 * `.wh.NAME` takes away NAME and `.wh..wh..opq` everything in its directory, as far as lower layers brought it. Directories on the way to an
 * entry may be symlinks. Hard links keep a file of which the first name is gone.
 */
export class FileTree {
  readonly #root: Directory = { kind: "directory", layer: -1, children: new Map() };
  #layer = -1;
  #digest = "";

  /** Begins the next layer. Entries that are added from now on are of it. */
  beginLayer(digest: string): void {
    this.#layer += 1;
    this.#digest = digest;
  }

  /** Adds an entry of the current layer. @throws for a hard link to something that is not there. */
  add(entry: LayerEntry): void {
    const path = posix.join("/", entry.path).replace(/(.)\/$/, "$1");
    if (path === "/") return;
    const name = posix.basename(path);
    if (name.startsWith(whiteoutPrefix)) this.#whiteout(posix.dirname(path), name);
    else this.#put(path, entry);
  }

  /** Every regular file with its path, hard links each for itself. */
  *files(): Generator<FileContent & { readonly path: string }> {
    const pending: [string, Directory][] = [["", this.#root]];
    for (let next = pending.pop(); next; next = pending.pop()) {
      const [parent, directory] = next;
      for (const [name, node] of directory.children) {
        const path = `${parent}/${name}`;
        if (node.kind === "directory") pending.push([path, node]);
        else if (node.content) yield { path, ...node.content };
      }
    }
  }

  /** Whether a path leads to a regular file, symlinks followed. */
  hasFile(path: string): boolean {
    return this.#follow(path)?.kind === "file";
  }

  /** Every path, for tests and messages. */
  paths(): string[] {
    const walk = (parent: string, directory: Directory): string[] =>
      [...directory.children].flatMap(([name, node]) => [
        `${parent}/${name}`,
        ...(node.kind === "directory" ? walk(`${parent}/${name}`, node) : []),
      ]);
    return walk("", this.#root).sort();
  }

  #put(path: string, entry: LayerEntry): void {
    const place = this.#place(path, true);
    const { children } = place.directory;
    const there = children.get(place.name);
    switch (entry.kind) {
      case "directory":
        if (there?.kind === "directory") there.layer = this.#layer;
        else children.set(place.name, this.#newDirectory());
        return;
      case "file": {
        const { elf, damage } = entry;
        const content = { layer: this.#digest, ...(elf ? { elf } : {}), ...(damage === undefined ? {} : { damage }) };
        children.set(place.name, { kind: "file", layer: this.#layer, content });
        return;
      }
      case "symlink":
        children.set(place.name, { kind: "symlink", layer: this.#layer, target: entry.target });
        return;
      case "other":
        children.set(place.name, { kind: "other", layer: this.#layer });
        return;
      case "hardlink": {
        const { directory, name } = this.#place(posix.join("/", entry.target), true);
        const original = directory.children.get(name);
        if (!original || original.kind === "directory") {
          throw new Error(`${path} is a hard link to ${entry.target}, and there is no such file`);
        }
        children.set(place.name, { ...original, layer: this.#layer });
      }
    }
  }

  #whiteout(parent: string, name: string): void {
    const directory = this.#follow(parent);
    if (directory?.kind !== "directory") return;
    if (name === opaqueWhiteout) this.#removeLower(directory);
    else if (!name.startsWith(aufsPrefix)) {
      const hidden = name.slice(whiteoutPrefix.length);
      const node = directory.children.get(hidden);
      if (node && this.#isGone(node)) directory.children.delete(hidden);
    }
  }

  #removeLower(directory: Directory): void {
    for (const [name, node] of directory.children) if (this.#isGone(node)) directory.children.delete(name);
  }

  /** Takes lower layers' entries out of a node, and says whether anything is left of it. */
  #isGone(node: Node): boolean {
    if (node.kind === "directory") this.#removeLower(node);
    return node.layer < this.#layer && !(node.kind === "directory" && node.children.size > 0);
  }

  #newDirectory(): Directory {
    return { kind: "directory", layer: this.#layer, children: new Map() };
  }

  /** What a path leads to, its last part included in following symlinks. */
  #follow(path: string): Node | undefined {
    return this.#walk(path, false);
  }

  /** Where an entry of that path belongs: symlinks on the way are followed, its last part is not. */
  #place(path: string, create: true): Place {
    const directory = this.#walk(posix.dirname(path), create);
    if (directory?.kind !== "directory") throw new Error(`${path} lies below a symlink that leads in a circle`);
    return { directory, name: posix.basename(path) };
  }

  /**
   * Walks a path through symlinks, within the image as after a chroot.
   *
   * @param create - make directories of what is missing or in the way, as an unpacking runtime does.
   */
  #walk(path: string, create: boolean): Node | undefined {
    const parts = path.split("/").filter(Boolean);
    const stack: Directory[] = [this.#root];
    let links = 0;
    while (parts.length > 0) {
      const part = parts.shift() ?? "";
      const directory = stack.at(-1) ?? this.#root;
      if (part === ".") continue;
      if (part === "..") {
        if (stack.length > 1) stack.pop();
        continue;
      }
      let node = directory.children.get(part);
      if (node?.kind === "symlink") {
        if (++links > symlinkLimit) return undefined;
        const target = node.target ?? "";
        if (target.startsWith("/")) stack.length = 1;
        parts.unshift(...target.split("/").filter(Boolean));
        continue;
      }
      if (node?.kind !== "directory") {
        if (!create) return parts.length === 0 ? node : undefined;
        node = this.#newDirectory();
        directory.children.set(part, node);
      }
      stack.push(node);
    }
    return stack.at(-1);
  }
}
