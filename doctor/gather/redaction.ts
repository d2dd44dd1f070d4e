import { load } from "js-yaml";
import { flagNamed, secretFlags } from "../../components/k3s/configuration/flags";
import { maskingWords } from "../../provider/masking";

/** What every secret becomes. */
const hidden = "***";

/** Keys of registries.yaml, hosts.toml and kubeconfigs whose values are secrets. */
const secretKeys = new Set(["password", "auth", "identity_token", "identitytoken", "token", "client-key-data"]);

/** The value of a flag, in quotes or up to blank space: one of several parts has commas and more in it. */
const flagValue = String.raw`["']?(?:=|[ \t]+)["']?)(?:(?<=")[^"\n]+|(?<=')[^'\n]+|\S*[^\s"'])`;
const flags = [...secretFlags].flatMap((name) => flagNamed(name) ?? []);
const aliases = flags.flatMap(({ alias }) => alias ?? []);

/** k3s's secret flags on command lines. Their short forms mean something else to other programs. */
const commandLines: readonly RegExp[] = [
  new RegExp(String.raw`((?:^|[\s"'[])--?(?:${flags.map(({ name }) => name).join("|")})${flagValue}`, "gm"),
  new RegExp(
    String.raw`(\bk3s["']?[ \t]+["']?(?:server|agent)\b.*?[ \t]["']?-(?:${aliases.join("|")})${flagValue}`,
    "gm",
  ),
];

/** Secrets in clear wherever they stand, known by their shape. */
const shapes: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, hidden],
  // k3s's tokens: K10<hash of the CA>::<user>:<secret>
  [/\bK10[0-9a-f]{64}::(server|node|[\w:.-]+?):\S+/g, hidden],
  [/\b(Authorization|Proxy-Authorization)(["']?\s*[:=]\s*["']?)(Basic|Bearer)?\s*[^\s"']+/gi, `$1$2${hidden}`],
  [/(:\/\/[^\s/:@"']+):[^\s/@"']+@/g, `$1:${hidden}@`],
  [/\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]+/g, hidden],
  ...commandLines.map((line) => [line, `$1${hidden}`] as const),
];

/** `token: x`, `K3S_TOKEN=x`, `--token x`, `password = "x"`: the key stays, so that a reader sees that there is one. */
const assignment = new RegExp(
  String.raw`((?:^|[\s"'{,\[])-{0,2}["']?(?:[A-Za-z0-9_-]*(?:${["token", "password", "passwd", "secret", "auth", "secret-key", "access-key", "datastore-endpoint", "client-key-data"].join("|")}))["']?)([ \t]*[:=][ \t]*|[ \t]+(?=\S))(?:"([^"\n]*)"|'([^'\n]*)'|([^\s"',;}\]]+))`,
  "gim",
);

function maskAssignments(text: string, files: boolean): string {
  return text.replace(
    assignment,
    (whole, key: string, between: string, inDouble?: string, inSingle?: string, bare = "") => {
      // a blank between key and value is an assignment on command lines only: `--token x`
      if (between.trim() === "" && !/-{2}["']?[\w-]+["']?$/.test(key)) return whole;
      // in a message it is a sentence: "failed to fetch anonymous token: unexpected status"
      if (!files && between.includes(":")) return whole;
      if (/^(true|false|null|\*\*\*|\/.*|[{[|>].*|)$/.test(inDouble ?? inSingle ?? String(bare))) return whole;
      const quote = inDouble !== undefined ? '"' : inSingle !== undefined ? "'" : "";
      return `${key}${between}${quote}${hidden}${quote}`;
    },
  );
}

/** Strings behind secret keys, at any depth. */
function secretsIn(value: unknown, secret = false): string[] {
  if (typeof value === "string" || typeof value === "number") return secret ? [String(value)] : [];
  if (Array.isArray(value)) return value.flatMap((item) => secretsIn(item, secret));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => {
    const name = key.replace(/\+$/, "");
    const isSecret = secretKeys.has(name) || secretFlags.has(name);
    // `auth` of registries.yaml is a map with a user name in it, which is none
    return secretsIn(member, isSecret && typeof member !== "object" ? true : secret && name !== "username");
  });
}

/** Secrets that a file of configuration holds; none for what is no YAML, whose lines are masked by their shape all the same. */
export function secretsOfYaml(text: string): string[] {
  try {
    return secretsIn(load(text));
  } catch {
    return [];
  }
}

/** Variables that k3s reads a secret from, by its flags. */
const secretVariables = new Set(flags.flatMap(({ env }) => env ?? []));
/** Other variables that hold one by their name. */
const secretName = /TOKEN|PASSWORD|SECRET|DATASTORE_ENDPOINT/;

/** Values of variables that k3s reads a secret from, `K3S_TOKEN=…`, and of those that are called so. */
export function secretsOfEnvironment(text: string): string[] {
  return [...text.matchAll(/^\s*(?:export\s+)?(\w+)=(.*)$/gm)].flatMap(([, name = "", assigned = ""]) => {
    const value = assigned.trim().replace(/^["']|["']$/g, "");
    // the path of K3S_TOKEN_FILE is no secret
    const isSecret = secretVariables.has(name) || (secretName.test(name) && !value.startsWith("/"));
    return isSecret && value !== "" ? [value] : [];
  });
}

/** Parts of a secret of several, `name=tailscale,joinKey=tskey-1`, that a program may print alone; words as they stand in any text are none. */
function partsOf(secret: string): string[] {
  const values = secret.split(/[\s,;&?]+/).map((part) => part.slice(part.indexOf("=") + 1));
  return values.filter((value) => /[^A-Za-z]/.test(value));
}

/**
 * A function that takes secrets out of a text: those that are known from the board's own configuration, wherever they turn up, and what has the
 * shape of one.
 *
 * @param known - secrets in clear: of configuration files, of the connection.
 * @returns The function; its second argument says that the text is of configuration files, where `password: x` is always a password.
 */
export function redaction(known: readonly string[]): (text: string, files?: boolean) => string {
  const mask = maskingWords(known.flatMap((secret) => [secret, ...partsOf(secret)]));
  return (text, files = false) => {
    const shapeless = shapes.reduce((masked, [shape, by]) => masked.replace(shape, by), mask(text));
    const masked = maskAssignments(shapeless, files);
    // a bare asterisk begins an alias in YAML: the file has to stay one that can be read
    return files ? masked.replace(/^(\s*(?:- )?[\w"'+-]+:[ \t]+)\*\*\*[ \t]*$/gm, `$1"${hidden}"`) : masked;
  };
}
