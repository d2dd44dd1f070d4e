import { createReadStream } from "node:fs";
import type { Board, ScriptResult } from "../ssh/board";
import { BoardError } from "../ssh/board-error";
import { quote } from "../ssh/shell";
import { parseImageList, pinLabel, type ListedImage } from "./image-list";

/** Seconds for one `ctr` call; k3s's takes 3 to 5 s on a slow board before it does anything. */
const callSeconds = 120;
/** Seconds for an import, the transfer included. */
const importSeconds = 900;

/** What listing the images came to. */
export type Listing =
  | { readonly kind: "images"; readonly images: readonly ListedImage[] }
  /** There is no `ctr` on the board: whatever brought containerd is gone. */
  | { readonly kind: "absent" }
  /** containerd is there and does not answer: stopped. */
  | { readonly kind: "stopped"; readonly reason: string };

/** Images of a board's containerd, through its `ctr`. */
export class Ctr {
  readonly #ctr: string;

  /** @param command - how to call ctr: `["k3s", "ctr"]`, or `["ctr"]`. */
  constructor(
    private readonly board: Board,
    command: readonly string[],
  ) {
    this.#ctr = [...command, "-n", "k8s.io", "images"].map(quote).join(" ");
  }

  /** All images; calls in the same batch share one question. */
  async list(): Promise<Listing> {
    const script = `${this.#ctr} ls`;
    return listingOf(await this.board.ask(script, script));
  }

  /** All images as they are now, whatever was asked before. */
  async listNow(): Promise<readonly ListedImage[]> {
    const listing = listingOf(
      await this.board.run(`${this.#ctr} ls`, this.#options("listing the images in containerd")),
    );
    if (listing.kind === "images") return listing.images;
    const reason = listing.kind === "absent" ? "there is no ctr" : listing.reason;
    throw new BoardError(
      "refused",
      this.board.label,
      `the images in containerd cannot be listed: ${reason}`,
      "Check that containerd is running",
    );
  }

  /** Imports an archive under the names in it. */
  async import(archive: string): Promise<void> {
    const purpose = "importing an image into containerd";
    const stdin = createReadStream(archive) as AsyncIterable<Buffer>;
    await this.#run(`${this.#ctr} import -`, { purpose, timeoutSeconds: importSeconds, stdin });
  }

  /** Keeps a name from kubelet's garbage collection. */
  async pin(name: string): Promise<void> {
    await this.#run(
      `${this.#ctr} label ${quote(name)} ${quote(pinLabel)} >/dev/null`,
      this.#options(`pinning image ${name}`),
    );
  }

  /** Gives the image of `from` the name `to` as well; what `to` was before is lost. */
  async tag(from: string, to: string): Promise<void> {
    await this.#run(
      `${this.#ctr} tag --force ${quote(from)} ${quote(to)} >/dev/null`,
      this.#options(`naming image ${to}`),
    );
  }

  /** Removes names; those that are gone already are no error. */
  async remove(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    const list = names.map(quote).join(" ");
    await this.#run(`${this.#ctr} rm ${list} >/dev/null`, this.#options(`removing image ${names[0] ?? ""}`));
  }

  #options(purpose: string) {
    return { purpose, timeoutSeconds: callSeconds };
  }

  async #run(script: string, options: Parameters<Board["run"]>[1]): Promise<void> {
    const result = await this.board.run(script, options);
    if (result.code !== 0)
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
