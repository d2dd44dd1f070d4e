import type { z } from "zod";
import type { Cause } from "./causes";
import type { Board } from "./ssh/board";
import type { Connection } from "./ssh/connection-args";

/** How serious a message beside a resource is. `error` is missing on purpose: the engine fails an operation that logs one. */
export type Severity = "debug" | "info" | "warning";

/** What a resource implementation may use while it works on one request of the engine. */
export interface Context {
  /** URN of the resource the request is about. */
  readonly urn: string;
  /** Opens, or reuses, this run's one connection to the board. Rejects with a `BoardError` that names host, step and remedy. */
  board(connection: Connection): Promise<Board>;
  /** Replaces what is secret in the request's inputs by `***`: for text that the board said, such as journal lines. */
  mask(text: string): string;
  /** Whether this run's preview has told that a unit (`k3s.service`), or the `board`, is interrupted for this resource: see `announcements.ts`. */
  isTold(name: string): boolean;
  /** Looks for what keeps the cluster from running on a board, for an error that would only say that time is over. Never throws; takes 40 s at most. */
  causes(board: Board): Promise<readonly Cause[]>;
  /** Shows a message beside the resource in `preview` and `up`. Never pass a secret. */
  log(severity: Severity, message: string): void;
}

/** Tells whether the value at a path such as `files[0].content` is secret, or part of a secret, or holds one. */
export type SecretPaths = (path: string) => boolean;

/** One thing wrong with an input; `property` is a path such as `files[0].mode`. */
export interface Problem {
  readonly property: string;
  readonly reason: string;
}

/** An object schema: its properties are parsed one by one where a preview does not know all of them. */
export type InputSchema<Inputs> = z.ZodType<Inputs> & { readonly shape: Readonly<Record<string, z.ZodType>> };

/**
 * Thrown by `create` and `update` when something of ours is, or may be, on the board although the operation failed: the engine keeps
 * `state`, and the next run looks at the board and finishes. Where nothing is left on the board, throw a plain `BoardError`.
 */
export class PartialFailure extends Error {
  override readonly name = "PartialFailure";

  constructor(
    readonly id: string,
    readonly state: object,
    readonly reason: Error,
  ) {
    super(reason.message);
  }
}

/** What `diff` found. No property in either list means no change. */
export interface Difference {
  /** Top-level input properties that an update would change in place. */
  readonly changed: readonly string[];
  /** Properties whose change needs a new resource; the old one is deleted first. */
  readonly replaces?: readonly string[];
  /** Sentences for the person who reads the preview: "k3s.service restarts: config.yaml.d/10-board.yaml changes". */
  readonly notes?: readonly string[];
  /** Why the change may not be made, as a sentence with what to do: an error where the program asks for it. A refresh only compares. */
  readonly refusal?: string;
}

/**
 * One resource type of package `board`. Implementations see plain values: `provider.ts` unwraps secrets before a call and wraps the same
 * paths again behind it, so that a value that was secret on the way in is secret in state, in outputs and after a refresh.
 *
 * @typeParam Inputs - what the program gives, as `inputs` parses it.
 * @typeParam State - what is kept: the inputs and what the board told.
 */
export interface ResourceType<Inputs extends object, State extends Inputs> {
  /** Pulumi type token, such as `board:index:File`. */
  readonly token: string;
  /** Parses inputs and fills in defaults; unknown keys are problems. In a preview strings may be the unknown of `unknowns.ts`. */
  readonly inputs: InputSchema<Inputs>;
  /** Top-level state properties that are secret whatever the program says. `connection` always is. */
  readonly secretOutputs: readonly string[];
  /**
   * Top-level state properties that are computed from inputs and are secret when one of these inputs holds a secret: the plain checksum of a
   * secret text would help to guess it. `{ sha256: ["content"] }`.
   */
  readonly derived?: Readonly<Record<string, readonly string[]>>;
  /** Inputs that only say how to get there and never cause an update (`connection` always is one). */
  readonly ignored?: readonly string[];
  /** Problems that need more than one property or the outside world (a local file that is not there). No board contact. */
  check?(inputs: Inputs, old: Inputs | undefined): Promise<{ inputs: Inputs; problems: readonly Problem[] }>;
  /**
   * What making it will change on the board, as the notes of `diff`: asked for a resource that the stack does not have yet, where the engine
   * asks for no difference, and for one that is replaced. Reads only; throws where the board cannot have it. Values may be unknown.
   */
  announce?(context: Context, inputs: Inputs, secrets: SecretPaths): Promise<readonly string[]>;
  /**
   * What it means that something is interrupted, as further notes: asked where the notes of `diff` or `announce` interrupt something, and nobody
   * has agreed to it yet. Reads only; what cannot be found out is a note and no error.
   *
   * @param state - what is there, where the stack knows it.
   */
  consequences?(context: Context, inputs: Inputs, secrets: SecretPaths, state?: State): Promise<readonly string[]>;
  /** What may happen where a preview does not know the inputs well enough to compare them. Pure. */
  unforeseen?(inputs: Readonly<Record<string, unknown>>): readonly string[];
  /** What deleting it will change on the board, as the notes of `diff`. Pure; secrets of the state may be missing. */
  removal?(state: State): readonly string[];
  /**
   * Compares what is there with what is wanted. Pure unless it must look at local files. `secrets` are the paths of `wanted` (such as
   * `files[0].content`) whose values must not appear in notes, `formerSecrets` those of `state`: what is no secret any more was one.
   */
  diff(
    state: State,
    wanted: Inputs,
    secrets: SecretPaths,
    formerSecrets?: SecretPaths,
  ): Difference | Promise<Difference>;
  /** Makes it so, whatever an earlier, interrupted run has left. Idempotent. */
  create(context: Context, inputs: Inputs): Promise<{ id: string; state: State }>;
  /** Looks at the board. `undefined`: gone. `inputs`: the inputs that would describe what is there. */
  read(context: Context, id: string, state: State): Promise<{ state: State; inputs: Inputs } | undefined>;
  update(context: Context, id: string, old: State, inputs: Inputs): Promise<State>;
  /** Takes it away; what was there before our first write comes back. Succeeds when it is gone already. */
  delete(context: Context, id: string, state: State): Promise<void>;
}
