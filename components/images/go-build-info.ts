/** A Go module that is in a program. */
export interface GoModule {
  readonly path: string;
  /** Version, such as `v1.14.6` or `(devel)`. */
  readonly version: string;
}

/** What a Go program says of how it was built. */
export interface GoBuildInfo {
  /** Version of the toolchain, such as `go1.26.8`. */
  readonly go: string;
  /** The module of the program itself. */
  readonly main?: GoModule;
  /** Modules that it is made of, as they went in: replaced ones by what took their place. */
  readonly modules: readonly GoModule[];
}

/** Begins the section `.go.buildinfo`; see Go's `debug/buildinfo`. */
const magic = Buffer.from("\xff Go buildinf:", "latin1");
/** The two strings lie behind a header of this size, each behind its length as a varint; so since Go 1.18. */
const headerSize = 32;
const inlineStrings = 2;
/** The list of modules lies between two marks of this size. */
const markSize = 16;

/**
 * Reads the build information of a Go program.
 *
 * @returns `undefined` for a program that is not written in Go, or by a Go older than 1.18.
 */
export function goBuildInfo(program: Buffer): GoBuildInfo | undefined {
  for (let at = program.indexOf(magic); at >= 0; at = program.indexOf(magic, at + 1)) {
    // programs that look for build information have the magic in their code too
    if (at % 16 !== 0 || ((program[at + magic.length + 1] ?? 0) & inlineStrings) === 0) continue;
    const version = stringAt(program, at + headerSize);
    const list = version === undefined ? undefined : stringAt(program, version.end);
    if (version === undefined || list === undefined || !/^(go|devel)/.test(version.text)) continue;
    return { go: version.text, ...parseModules(list.text.slice(markSize, -markSize)) };
  }
  return undefined;
}

function stringAt(bytes: Buffer, start: number): { text: string; end: number } | undefined {
  let length = 0;
  let at = start;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    if (byte === undefined || shift > 28) return undefined;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  const end = at + length;
  return end > bytes.length ? undefined : { text: bytes.toString("latin1", at, end), end };
}

/** Lines of `mod`, `dep` and, for the one before it, `=>`, with tabs between path, version and checksum. */
function parseModules(text: string): Pick<GoBuildInfo, "main" | "modules"> {
  let main: GoModule | undefined;
  const modules: GoModule[] = [];
  for (const line of text.split("\n")) {
    const [kind, path = "", version = ""] = line.split("\t");
    if (kind === "mod") main = { path, version };
    else if (kind === "dep") modules.push({ path, version });
    else if (kind === "=>") modules.splice(-1, 1, { path, version });
  }
  return { ...(main === undefined ? {} : { main }), modules };
}
