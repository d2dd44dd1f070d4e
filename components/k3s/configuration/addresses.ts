import { BlockList, isIP } from "node:net";

/** Which families a list of addresses or networks is of. */
export type Families = "IPv4" | "IPv6" | "dual-stack";

/** An IP network: `10.43.0.0/16`. `undefined` for what is none. */
export function parseNetwork(text: string): { readonly address: string; readonly prefix: number } | undefined {
  const [address = "", prefix = "", more] = text.split("/");
  const bits = isIP(address) === 4 ? 32 : isIP(address) === 6 ? 128 : -1;
  return more === undefined && /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits
    ? { address, prefix: Number(prefix) }
    : undefined;
}

/** The families of addresses or networks that are known to be good. */
export function familiesOf(addresses: readonly string[]): Families {
  const kinds = new Set(addresses.map((address) => isIP(address.split("/")[0] ?? "")));
  return kinds.size === 2 ? "dual-stack" : kinds.has(6) ? "IPv6" : "IPv4";
}

/** Whether an address is in a network, of either family; not where one of the two is none. */
export function isInNetwork(address: string, network: string): boolean {
  const parsed = parseNetwork(network);
  const family = isIP(address);
  if (parsed === undefined || family === 0 || family !== isIP(parsed.address)) return false;
  const kind = family === 4 ? "ipv4" : "ipv6";
  const addresses = new BlockList();
  addresses.addSubnet(parsed.address, parsed.prefix, kind);
  return addresses.check(address, kind);
}

function groupsOf(address: string): bigint {
  const [head = "", tail] = address.split("::");
  const words = (part: string) => (part === "" ? [] : part.split(":"));
  const before = words(head);
  const after = words(tail ?? "");
  const middle = Array<string>(tail === undefined ? 0 : 8 - before.length - after.length).fill("0");
  return [...before, ...middle, ...after].reduce((sum, word) => (sum << 16n) + BigInt(`0x${word}`), 0n);
}

/** The nth address of a network, as text. */
export function nthAddress(network: string, n: number): string | undefined {
  const parsed = parseNetwork(network);
  if (parsed === undefined) return undefined;
  const { address, prefix } = parsed;
  if (isIP(address) === 4) {
    const value = address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
    const size = 2 ** (32 - prefix);
    const nth = Math.floor(value / size) * size + n;
    return [24, 16, 8, 0].map((shift) => Math.floor(nth / 2 ** shift) % 256).join(".");
  }
  const shift = BigInt(128 - prefix);
  const nth = ((groupsOf(address) >> shift) << shift) + BigInt(n);
  const words = Array.from({ length: 8 }, (_, index) => ((nth >> BigInt(112 - index * 16)) & 0xffffn).toString(16));
  return new URL(`http://[${words.join(":")}]`).hostname.slice(1, -1);
}
