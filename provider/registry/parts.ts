import { createHash } from "node:crypto";
import type { Body } from "./exchange";

/** Where the bytes of a blob come from. */
export interface BlobSource {
  /** Its bytes from an offset on. Nobody has to have checked them: who takes them does. */
  open(from: number): AsyncIterable<Buffer>;
}

/** What a source turned out to be. */
export interface Seen {
  /** Bytes that came, up to the size that was expected. */
  readonly size: number;
  /** `undefined` where a part was never seen. */
  readonly digest: string | undefined;
}

/**
 * Hands a blob out in parts, in order or again, each of which is read while it is sent: a part is never in memory as a whole. Hashes the bytes as
 * they pass, and holds back the last piece of the blob until the digest of all is known.
 */
export class Parts {
  readonly #hash = createHash("sha256");
  #hashed = 0;
  #whole = true;
  #stream: AsyncIterator<Buffer> | undefined;
  #position = 0;
  #rest: Buffer = Buffer.alloc(0);
  /** Why the last part did not come whole, where that is the source's fault. */
  fault: Error | undefined;

  /**
   * @param size - of the blob.
   * @param refused - tells what is wrong with the whole blob, where something is.
   */
  constructor(
    private readonly source: BlobSource,
    private readonly size: number,
    private readonly refused: (seen: Seen) => Error | undefined,
  ) {}

  /** A part. Its first bytes are read before this resolves, so that a source that cannot be read costs no request. */
  async part(from: number, length: number): Promise<Body> {
    await this.#fetch(from);
    return { length, open: () => this.#read(from, length) };
  }

  /** Ends the reading of the source. */
  close(): void {
    const stream = this.#stream;
    this.#stream = undefined;
    stream?.return?.().catch(() => undefined);
  }

  async *#read(from: number, length: number): AsyncGenerator<Buffer> {
    for (let at = from; at < from + length;) {
      const stream = await this.#fetch(at);
      // Somebody reads another part meanwhile, because nobody waits for this one any more.
      if (stream === undefined) return;
      const piece = this.#rest.subarray(0, from + length - at);
      this.#rest = this.#rest.subarray(piece.length);
      this.#position = at += piece.length;
      this.#add(at - piece.length, piece);
      if (piece.length === 0 || at === this.size) this.#check(at);
      yield piece;
    }
  }

  /** Has bytes from an offset on at hand; none at the end of the source. Opens the source (again) where it stands elsewhere. */
  async #fetch(at: number): Promise<AsyncIterator<Buffer> | undefined> {
    this.fault = undefined;
    try {
      if (this.#stream === undefined || this.#position !== at) {
        this.close();
        this.#stream = this.source.open(at)[Symbol.asyncIterator]();
        this.#position = at;
        this.#rest = Buffer.alloc(0);
      }
      const stream = this.#stream;
      while (this.#rest.length === 0) {
        const next = await stream.next();
        if (this.#stream !== stream) return undefined;
        if (next.done) break;
        this.#rest = next.value;
      }
      return stream;
    } catch (error) {
      throw (this.fault = error as Error);
    }
  }

  #add(offset: number, piece: Buffer): void {
    if (offset > this.#hashed) this.#whole = false;
    this.#hash.update(piece.subarray(Math.max(0, this.#hashed - offset)));
    this.#hashed = Math.max(this.#hashed, offset + piece.length);
  }

  #check(size: number): void {
    const digest = this.#whole ? `sha256:${this.#hash.copy().digest("hex")}` : undefined;
    const refusal = this.refused({ size, digest });
    if (refusal) throw (this.fault = refusal);
  }
}
