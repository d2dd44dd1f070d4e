import { payload } from "../files/write";
import type { Board, ScriptResult } from "../ssh/board";
import { BoardError } from "../ssh/board-error";
import { quote } from "../ssh/shell";
import { listImages, socketOf } from "./image-service";
import { parseImageList, pinLabel, withoutPin, type ListedImage } from "./image-list";

/** Seconds for one `ctr` call; k3s's takes 3 to 5 s on a slow board before it does anything. */
const callSeconds = 120;
/** Seconds for an import or a pull, the transfer included. */
const transferSeconds = 900;

/** What listing the images came to. */
export type Listing =
  | { readonly kind: "images"; readonly images: readonly ListedImage[] }
  /** There is no `ctr` on the board: whatever brought containerd is gone. */
  | { readonly kind: "absent" }
  /** containerd is there and does not answer: stopped. */
  | { readonly kind: "stopped"; readonly reason: string };

/** The images of every board's containerd that this process has to do with. */
const known = new WeakMap<Board, Map<string, Ctr>>();

/**
 * Images of a board's containerd: listed through its API where the login reaches its socket, all else through its `ctr`. Every call of k3s's
 * takes seconds on a slow board, so that all resources of a run share what is known: reads ask once, the first change asks again (k3s may have
 * been restarted in between), and what is changed here is remembered.
 */
export class Ctr {
  readonly #ctr: string;
  readonly #socket: string;
  #read: Promise<Listing> | undefined;
  #images: readonly ListedImage[] | undefined;
  #busy: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly board: Board,
    command: readonly string[],
  ) {
    this.#ctr = [...command, "-n", "k8s.io", "images"].map(quote).join(" ");
    this.#socket = socketOf(command);
  }

  /**
   * The images of a board's containerd.
   *
   * @param command - how to call ctr: `["k3s", "ctr"]`, or `["ctr"]`.
   */
  static of(board: Board, command: readonly string[]): Ctr {
    const ofBoard = known.get(board) ?? new Map<string, Ctr>();
    known.set(board, ofBoard);
    const key = JSON.stringify(command);
    const ctr = ofBoard.get(key) ?? new Ctr(board, command);
    ofBoard.set(key, ctr);
    return ctr;
  }

  /** The board, for messages. */
  get label(): string {
    return this.board.label;
  }

  /** All images as this run found them. */
  async read(): Promise<Listing> {
    if (this.#images !== undefined) return { kind: "images", images: this.#images };
    const script = `${this.#ctr} ls`;
    return (this.#read ??= this.#list(() => this.board.ask(script, script)));
  }

  /**
   * Runs one change after the other: two at once would be slower, and each needs to know what the one before has done. `change` gets what is
   * there now.
   */
  async change<T>(change: (listing: Listing) => Promise<T>): Promise<T> {
    const turn = this.#busy.then(async () => {
      try {
        return await change(await this.#now());
      } catch (error) {
        this.#images = undefined;
        throw error;
      }
    });
    this.#busy = turn.catch(() => undefined);
    return turn;
  }

  /** {@link change} for what cannot do without containerd. Throws where it does not answer. */
  async changeImages<T>(change: (images: readonly ListedImage[]) => Promise<T>): Promise<T> {
    return this.change((listing) => change(this.#imagesOf(listing)));
  }

  /** Imports an archive of this machine under the names in it, and looks at what is there then. */
  async import(archive: string): Promise<readonly ListedImage[]> {
    const stdin = payload({ kind: "source", path: archive }, false);
    const options = { purpose: "importing an image into containerd", timeoutSeconds: transferSeconds, stdin };
    await this.#run(`${this.#ctr} import - >/dev/null`, options);
    this.#images = undefined;
    return this.#imagesOf(await this.#now());
  }

  /**
   * Lets containerd pull an image and gives it the name `to`. The credentials are those of containerd's own configuration.
   *
   * @param crictl - how to call crictl: `["k3s", "crictl"]`.
   * @param reference - `<registry>/<repository>@<digest>`.
   */
  async pull(crictl: readonly string[], reference: string, to: string): Promise<void> {
    const pull = [...crictl, "pull", reference].map(quote).join(" ");
    await this.#run(`${pull} >/dev/null && ${this.#tag(reference, to)}`, {
      purpose: `pulling ${reference} into containerd`,
      timeoutSeconds: transferSeconds,
    });
    const digest = reference.slice(reference.indexOf("@") + 1);
    this.#remember({ name: reference, digest, pinned: false }, { name: to, digest, pinned: false });
  }

  /** Keeps an image's name from kubelet's garbage collection, or leaves it to it. */
  async pin(image: ListedImage, pinned: boolean): Promise<void> {
    const label = pinned ? pinLabel : withoutPin;
    const purpose = `${pinned ? "pinning" : "unpinning"} image ${image.name}`;
    await this.#run(`${this.#ctr} label ${quote(image.name)} ${quote(label)} >/dev/null`, this.#options(purpose));
    this.#remember({ ...image, pinned });
  }

  /** Gives an image the name `to` as well; what `to` was before is lost. */
  async tag(image: ListedImage, to: string): Promise<void> {
    await this.#run(this.#tag(image.name, to), this.#options(`naming image ${to}`));
    this.#remember({ ...image, name: to, pinned: false });
  }

  /** Removes names; those that are gone already are no error. */
  async remove(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    const list = names.map(quote).join(" ");
    await this.#run(`${this.#ctr} rm ${list} >/dev/null`, this.#options(`removing image ${names[0] ?? ""}`));
    this.#images = this.#images?.filter(({ name }) => !names.includes(name));
  }

  /** @throws BoardError where containerd does not answer. */
  #imagesOf(listing: Listing): readonly ListedImage[] {
    if (listing.kind === "images") return listing.images;
    const reason = listing.kind === "absent" ? "there is no ctr" : listing.reason;
    const what = `the images in containerd cannot be listed: ${reason}`;
    throw new BoardError("refused", this.board.label, what, "Check that containerd is running");
  }

  async #now(): Promise<Listing> {
    if (this.#images !== undefined) return { kind: "images", images: this.#images };
    const options = this.#options("listing the images in containerd");
    const listing = await this.#list(() => this.board.run(`${this.#ctr} ls`, options));
    if (listing.kind === "images") this.#images = listing.images;
    return listing;
  }

  /** Asks containerd itself, and `ctr` where that does not come to an answer: it knows why, too. */
  async #list(ctr: () => Promise<ScriptResult>): Promise<Listing> {
    const images = await listImages(this.board, this.#socket).catch(() => undefined);
    return images === undefined ? listingOf(await ctr()) : { kind: "images", images };
  }

  #remember(...images: readonly ListedImage[]): void {
    const names = images.map(({ name }) => name);
    this.#images = [...(this.#images ?? []).filter(({ name }) => !names.includes(name)), ...images];
  }

  #tag(from: string, to: string): string {
    return `${this.#ctr} tag --force ${quote(from)} ${quote(to)} >/dev/null`;
  }

  #options(purpose: string) {
    return { purpose, timeoutSeconds: callSeconds };
  }

  async #run(script: string, options: Parameters<Board["run"]>[1]): Promise<ScriptResult> {
    const result = await this.board.run(script, options);
    if (result.code === 0) return result;
    throw new BoardError("refused", this.board.label, `${options.purpose} failed: ${reasonOf(result)}`);
  }
}

function listingOf(result: ScriptResult): Listing {
  if (result.code === 0) return { kind: "images", images: parseImageList(result.stdout) };
  if (result.code === 127 || result.code === 126) return { kind: "absent" };
  return { kind: "stopped", reason: reasonOf(result) };
}

function reasonOf({ code, stdout, stderr }: ScriptResult): string {
  return (stderr.trim() || stdout.trim()).split("\n").slice(-5).join("\n") || `exit code ${code}`;
}
