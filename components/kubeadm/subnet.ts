/** An IPv4 network as numbers. */
interface Network {
  readonly first: number;
  readonly size: number;
}

function parse(subnet: string): Network | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(subnet);
  const [a, b, c, d, bits] = (match?.slice(1) ?? []).map(Number);
  if (a === undefined || b === undefined || c === undefined || d === undefined || bits === undefined) return undefined;
  if ([a, b, c, d].some((part) => part > 255) || bits > 32) return undefined;
  const size = 2 ** (32 - bits);
  const address = ((a * 256 + b) * 256 + c) * 256 + d;
  return { first: address - (address % size), size };
}

function text(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}

/** Whether a text is an IPv4 network such as `10.244.0.0/16`, given by its first address. */
export function isSubnet(subnet: string): boolean {
  const network = parse(subnet);
  return network !== undefined && subnet.startsWith(`${text(network.first)}/`);
}

/** How many bits of its addresses a network has in common: 16 of `10.244.0.0/16`. */
export function prefixLength(subnet: string): number {
  return Number(subnet.slice(subnet.indexOf("/") + 1));
}

/** Whether two networks share an address. */
export function overlap(one: string, other: string): boolean {
  const [a, b] = [parse(one), parse(other)];
  if (a === undefined || b === undefined) return false;
  return a.first < b.first + b.size && b.first < a.first + a.size;
}

/**
 * The nth address of a network, counted from its first.
 *
 * @throws Error where there is no such network or address.
 */
export function addressInSubnet(subnet: string, index: number): string {
  const network = parse(subnet);
  if (network === undefined || index >= network.size) throw new Error(`${subnet} has no address number ${index}`);
  return text(network.first + index);
}
