import { isDeepStrictEqual } from "node:util";
import { Announcements, agreedVariable, interruptionsIn } from "./announcements";
import type { EngineLog } from "./engine-log";
import { foreseeFacts } from "./facts/get-facts";
import { parseInputs } from "./checking";
import { fingerprintKey, fingerprints, withFingerprints, withoutFingerprints } from "./fingerprints";
import type { Cause } from "./causes";
import { masking } from "./masking";
import { PartialFailure, type Context, type Difference, type Problem, type ResourceType } from "./resource";
import { formatPath, unwrap, wrap, type Path, type Properties } from "./secrets";
import { InitializationFailure, type Handlers } from "./server";
import { RegistryError } from "./registry/registry-error";
import { BoardError } from "./ssh/board-error";
import type { Board } from "./ssh/board";
import type { Boards } from "./ssh/boards";
import type { Connection } from "./ssh/connection-args";
import { trace } from "../tools/trace";
import { holdsUnknown } from "./unknowns";
import { functions, resourceTypes } from "./types";

/** A resource type as the dispatcher sees it; what goes in has been parsed by the type's own schema. */
type AnyType = ResourceType<Properties, Properties>;

/** Answers the engine: finds the type, takes secrets off on the way in and puts them on again on the way out. */
export class BoardProvider implements Handlers {
  /** Resources that the program has named in this run: the diffs of a refresh, which come before, are not commented. */
  readonly #checked = new Set<string>();
  /** Resources whose consequences have been told. */
  readonly #consequent = new Set<string>();
  readonly #announcements = new Announcements(process.env[agreedVariable]);

  /** @param examine - finds what is wrong on a board; never throws. */
  constructor(
    private readonly boards: Boards,
    private readonly log: EngineLog,
    private readonly examine: (board: Board) => Promise<readonly Cause[]>,
  ) {}

  async check(urn: string, olds: Properties, news: Properties) {
    const type = typeOf(urn);
    const { plain, secrets } = unwrap(news);
    const old = unwrap(olds).plain;
    this.#checked.add(urn);
    const { value, problems } = parseInputs(type.inputs, withoutFingerprints(plain));
    if (problems.length > 0) return { inputs: news, problems: problems.map(speakable(secrets)) };
    let inputs = value;
    if (type.check && !holdsUnknown(value)) {
      const checked = await guarded(type, () => type.check?.(value, before(type, old)));
      if (checked && checked.problems.length > 0)
        return { inputs: news, problems: checked.problems.map(speakable(secrets)) };
      inputs = checked?.inputs ?? value;
    }
    if (Object.keys(olds).length === 0) await this.#announce(urn, inputs, plain, secrets);
    return { inputs: seal(type, withFingerprints(inputs, given(type, secrets), old), secrets), problems: [] };
  }

  async diff(urn: string, olds: Properties, news: Properties): Promise<Difference> {
    const type = typeOf(urn);
    const former = unwrap(olds);
    const old = former.plain;
    const state = withoutFingerprints(old);
    const { plain, secrets } = unwrap(news);
    const { value: wanted, problems } = parseInputs(type.inputs, withoutFingerprints(plain));
    // A property of another shape than the type's code can read: unknown as a whole, which only a preview sees.
    const opaque = Object.keys(type.inputs.shape).filter(
      (key) => holdsUnknown(wanted[key]) && !type.inputs.shape[key]?.safeParse(wanted[key]).success,
    );
    if (opaque.length > 0 && this.#checked.has(urn)) await this.#tell(urn, type.unforeseen?.(wanted));
    if (opaque.length > 0 || problems.length > 0)
      return { changed: opaque.length > 0 ? opaque : problems.map(({ property }) => property) };
    const found = await guarded(type, () =>
      type.diff(state, wanted, secretPaths(secrets), secretPaths(former.secrets)),
    );
    if (found.refusal !== undefined && this.#checked.has(urn)) throw new Error(found.refusal);
    const counts = (property: string) => property !== "connection" && !(type.ignored ?? []).includes(property);
    const changed = found.changed.filter(counts);
    // Named too, so that the engine shows it: the secret itself is shown as the same word before and after.
    if (changed.length > 0 && !isDeepStrictEqual(old[fingerprints], plain[fingerprints])) changed.push(fingerprints);
    const difference = { changed, replaces: (found.replaces ?? []).filter(counts) };
    if (difference.replaces.length > 0 && this.#checked.has(urn)) await this.#announce(urn, wanted, plain, secrets);
    if (difference.changed.length + difference.replaces.length > 0 && this.#checked.has(urn)) {
      const consequences = () =>
        type.consequences?.(this.#context(urn, plain, secrets, former), wanted, secretPaths(secrets), state);
      await this.#tell(urn, found.notes, consequences);
    }
    return difference;
  }

  async create(urn: string, inputs: Properties) {
    const type = typeOf(urn);
    const { plain, secrets } = unwrap(inputs);
    const out = (state: Properties) => seal(type, withFingerprints(state, given(type, secrets), plain), secrets);
    const { id, state } = await this.#changing(type, out, () =>
      type.create(this.#context(urn, plain, secrets), withoutFingerprints(plain)),
    );
    return { id, properties: out(state) };
  }

  async read(urn: string, id: string, properties: Properties, oldInputs: Properties) {
    const type = typeOf(urn);
    const { plain, secrets } = unwrap(properties);
    if (!("connection" in plain)) {
      throw new Error(
        `${type.token} cannot be imported: a resource needs its connection to be read. Run \`up\` instead: what is on the board already is adopted`,
      );
    }
    const former = unwrap(oldInputs);
    const access = accessOf(type, former.plain);
    const found = await guarded(type, () =>
      type.read(this.#foreseeing(this.#context(urn)), id, { ...withoutFingerprints(plain), ...access }),
    );
    await this.log.flush();
    if (!found) return undefined;
    const out = (values: Properties) =>
      seal(type, withFingerprints({ ...values, ...access }, given(type, secrets), plain), [
        ...secrets,
        ...former.secrets.filter(([head]) => head !== undefined && head in access),
      ]);
    return { properties: out(found.state), inputs: out(found.inputs) };
  }

  async update(urn: string, id: string, olds: Properties, news: Properties) {
    const type = typeOf(urn);
    const former = unwrap(olds);
    const { plain, secrets } = unwrap(news);
    const out = (state: Properties) => seal(type, withFingerprints(state, given(type, secrets), plain), secrets);
    return out(
      await this.#changing(type, out, () =>
        type.update(
          this.#context(urn, plain, secrets, former),
          id,
          withoutFingerprints(former.plain),
          withoutFingerprints(plain),
        ),
      ),
    );
  }

  async delete(urn: string, id: string, properties: Properties, oldInputs: Properties) {
    const type = typeOf(urn);
    const state = withoutFingerprints(unwrap(properties).plain);
    const access = accessOf(type, unwrap(oldInputs).plain);
    await guarded(type, () => type.delete(this.#context(urn), id, { ...state, ...access }));
    await this.log.flush();
  }

  async invoke(token: string, args: Properties) {
    const called = functions.find((one) => one.token === token);
    if (!called) throw new Error(`package board has no function ${token}`);
    const parsed = called.args.safeParse(unwrap(args).plain);
    if (!parsed.success) {
      return {
        outputs: {},
        problems: parsed.error.issues.map((issue) => ({
          property: formatPath(issue.path.map(String)),
          reason: issue.message,
        })),
      };
    }
    return {
      outputs: wrap({ ...(await guarded(called, () => called.call(this.#context(""), parsed.data))) }, []),
      problems: [],
    };
  }

  cancel(): void {
    this.boards.close();
  }

  /** Says what making a resource will change on the board. One whose inputs a preview cannot even read is not told of. */
  async #announce(urn: string, inputs: Properties, plain: Properties, secrets: readonly Path[]): Promise<void> {
    const type = typeOf(urn);
    const { shape } = type.inputs;
    const opaque = Object.keys(shape).some(
      (key) => holdsUnknown(inputs[key]) && !shape[key]?.safeParse(inputs[key]).success,
    );
    if (opaque) return this.#tell(urn, type.unforeseen?.(inputs));
    const context = this.#context(urn, plain, secrets);
    const notes = await guarded(type, () => type.announce?.(context, inputs, secretPaths(secrets)));
    await this.#tell(urn, notes, () => type.consequences?.(context, inputs, secretPaths(secrets)));
  }

  /**
   * Shows notes beside a resource; what they say is interrupted may be.
   *
   * @param consequences - asked once a run, where something is interrupted that nobody has been shown before.
   */
  async #tell(
    urn: string,
    notes: readonly string[] = [],
    consequences?: () => Promise<readonly string[]> | undefined,
  ): Promise<void> {
    this.#announcements.tell(urn, notes);
    for (const note of notes) this.log.say(urn, "info", note);
    if (!this.#announcements.isAgreed && interruptionsIn(notes).length > 0 && !this.#consequent.has(urn)) {
      this.#consequent.add(urn);
      const more = await consequences?.();
      for (const note of more ?? []) this.log.say(urn, "info", note);
    }
    await this.log.flush();
  }

  /** @param former - what the board still has where something goes wrong: its secrets are ones as well. */
  #context(
    urn: string,
    properties: Properties = {},
    secrets: readonly Path[] = [],
    former: ReturnType<typeof unwrap> = unwrap({}),
  ): Context {
    const masks = [masking(properties, secrets), masking(former.plain, former.secrets)];
    const mask = (text: string) => masks.reduce((shown, hide) => hide(shown), text);
    return {
      urn,
      mask,
      causes: (board) => this.#causes(board, mask),
      board: (connection) => Promise.resolve(this.boards.at(connection)),
      isTold: (name) => this.#announcements.allows(urn, name),
      log: (severity, message) => this.log.say(urn, severity, message),
    };
  }

  /** What is wrong on a board, also in the record of the run for whoever reads it as a document. */
  async #causes(board: Board, mask: (text: string) => string): Promise<readonly Cause[]> {
    const started = Date.now();
    const causes = (await this.examine(board)).map(({ id, severity, sentence, evidence, remedy, hangs }) => ({
      id,
      severity,
      sentence: mask(sentence),
      evidence: evidence.map(mask),
      remedy: mask(remedy),
      hangs: hangs.map(mask),
    }));
    const milliseconds = Date.now() - started;
    for (const cause of causes)
      trace({ kind: "finding", purpose: cause.id, milliseconds, bytes: 0, board: board.label, finding: cause });
    return causes;
  }

  /** What is read in a refresh is soon followed by the program, which asks for the board's facts. */
  #foreseeing(context: Context): Context {
    const board = async (connection: Connection) => {
      const opened = await context.board(connection);
      foreseeFacts(opened);
      return opened;
    };
    return { ...context, board };
  }

  /** Runs a create or an update; what it left behind when it failed is handed to the engine. */
  async #changing<Result>(
    type: AnyType,
    out: (state: Properties) => Properties,
    work: () => Promise<Result>,
  ): Promise<Result> {
    try {
      return await guarded(type, work);
    } catch (error) {
      if (error instanceof PartialFailure)
        throw new InitializationFailure(error.id, out({ ...error.state }), error.message);
      throw error;
    } finally {
      await this.log.flush();
    }
  }
}

/** The type of a resource, from its URN: `urn:pulumi:stack::project::parent$board:index:File::name`. */
function typeOf(urn: string): AnyType {
  const token = urn.split("::")[2]?.split("$").at(-1) ?? "";
  const type = resourceTypes.get(token);
  if (!type) throw new Error(`package board has no resource type ${token}`);
  return type;
}

/** Inputs that never cause an update: the state has them as they were at the last one. */
function accessOf(type: AnyType, inputs: Properties): Properties {
  const names = ["connection", ...(type.ignored ?? [])];
  return Object.fromEntries(Object.entries(inputs).filter(([name]) => names.includes(name)));
}

/** The inputs of before, where they still are what the type understands. */
function before(type: AnyType, old: Properties): Properties | undefined {
  const parsed = type.inputs.safeParse(withoutFingerprints(old));
  return parsed.success ? parsed.data : undefined;
}

/** Marks as secret: what was secret on the way in, the connection, and what is secret by nature or by what it is computed from. */
function seal(type: AnyType, properties: Properties, secrets: readonly Path[]): Properties {
  const heads = new Set(secrets.map((path) => path[0]));
  const derived = Object.entries(type.derived ?? {}).filter(([, sources]) =>
    sources.some((source) => heads.has(source)),
  );
  const always = ["connection", fingerprintKey, ...type.secretOutputs, ...derived.map(([property]) => property)];
  return wrap(properties, [
    ...secrets,
    ...always.filter((property) => properties[property] !== undefined).map((property) => [property]),
  ]);
}

/** The secrets that the program gave, without those that are secret by nature or by what they are computed from. */
function given(type: AnyType, secrets: readonly Path[]): Path[] {
  const computed = new Set<unknown>([...type.secretOutputs, ...Object.keys(type.derived ?? {})]);
  return secrets.filter(([head]) => !computed.has(head));
}

/**
 * A problem as the engine may be told it. The engine prints the value of the property that a problem names, a secret one in clear, and
 * `<nil>` for a path inside a property: in both cases the path goes into the reason.
 */
function speakable(secrets: readonly Path[]): (problem: Problem) => Problem {
  const isSecret = secretPaths([...secrets, ["connection"]]);
  return ({ property, reason }) => {
    const plain = /^\w+$/.test(property) && !isSecret(property);
    return plain ? { property, reason } : { property: "", reason: `${property}: ${reason}` };
  };
}

function secretPaths(secrets: readonly Path[]): (path: string) => boolean {
  const paths = secrets.map(formatPath);
  const isWithin = (inner: string, outer: string) =>
    inner === outer || inner.startsWith(`${outer}.`) || inner.startsWith(`${outer}[`);
  return (path) => paths.some((secret) => isWithin(path, secret) || isWithin(secret, path));
}

/** Lets errors that are meant for people through; anything else is a mistake of ours and says so, its stack goes to the debug output. */
async function guarded<Result>(where: { token: string }, work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BoardError || error instanceof RegistryError || error instanceof PartialFailure) throw error;
    console.error(error);
    const what = error instanceof Error ? error.message : String(error);
    throw new Error(`${where.token}: ${what} (unexpected; this is a mistake in the provider, please report it)`, {
      cause: error,
    });
  }
}
