/** Capabilities that a file of an image can carry, with their numbers in linux/capability.h. */
const numbers = { net_bind_service: 10, net_admin: 12, net_raw: 13, sys_admin: 21 } as const;

/** Name of a file capability. */
export type Capability = keyof typeof numbers;

/** All of {@link Capability}. */
export const capabilities = Object.keys(numbers) as [Capability, ...Capability[]];

/** `struct vfs_cap_data` of linux/capability.h, revision 2, with the effective flag: permitted and effective, not inheritable. */
export function capabilityAttribute(names: readonly Capability[]): Record<string, Buffer> {
  const revisionAndFlags = 0x02000001;
  const mask = names.reduce((bits, name) => bits | (1 << numbers[name]), 0);
  const data = Buffer.alloc(20);
  data.writeUInt32LE(revisionAndFlags, 0);
  data.writeUInt32LE(mask >>> 0, 4);
  return { "security.capability": data };
}
