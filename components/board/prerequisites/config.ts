import { z } from "zod";

/** A name as hosts have it: letters, digits, dashes, dots between labels. */
const hostName = z
  .string()
  .regex(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/, "expected a host name of letters, digits, dashes and dots");

const moduleName = z.string().regex(/^[A-Za-z0-9_-]+$/, "expected the name of a kernel module");

const firewallConfig = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z
      .literal("disabled")
      .describe("firewalld and ufw are off, now and at boot, as the documentation of k3s recommends."),
  }),
  z.strictObject({
    kind: z
      .literal("ports")
      .describe(
        "The firewall stays on and lets the cluster in: the ports of the board's part in it, and the networks of pods and services. In firewalld as a policy " +
          "and a zone named `k3s-board`, in ufw as a block in `before.rules`.",
      ),
    ports: z
      .array(
        z
          .string()
          .regex(
            /^\d{1,5}(-\d{1,5})?\/(tcp|udp|sctp)$/,
            "expected a port or a range with its protocol, such as 443/tcp",
          ),
      )
      .default([])
      .describe("Ports that are open besides those that the board's part in the cluster needs."),
    trustedNetworks: z
      .array(z.union([z.cidrv4(), z.cidrv6()]))
      .default([])
      .describe("Networks that are let in wholly, besides those of pods and services."),
  }),
]);

/** A name that a node can have: kubelet makes capitals small, and then nobody finds the node by the name that was given. */
export const nodeName = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/,
    "expected lower-case letters, digits and dashes: it becomes the node's name",
  );

/**
 * The `board.prerequisites` section: what the host has to be like before k3s. Whatever is not named stays as it is on the board.
 */
export const prerequisitesConfig = z.strictObject({
  hostname: nodeName
    .optional()
    .describe(
      "Name of the board, which becomes the node's name. With an entry in `/etc/hosts`, so that the board finds itself. " +
        "A node that is in the cluster already stays there under its old name.",
    ),
  hosts: z
    .record(z.union([z.ipv4(), z.ipv6()]), z.array(hostName).min(1))
    .default({})
    .describe("Names by address, in a block of their own in `/etc/hosts`."),
  kernelModules: z
    .array(moduleName)
    .default([])
    .describe("Modules that are loaded, now and at boot: `/etc/modules-load.d/k3s-board.conf`."),
  blacklistedModules: z
    .array(moduleName)
    .default([])
    .describe("Modules that are not loaded from the next boot on: `/etc/modprobe.d/k3s-board.conf`."),
  sysctls: z
    .record(
      z
        .string()
        .regex(/^[a-z0-9_]+([./][A-Za-z0-9_@:-]+)+$/, "expected the name of a sysctl, such as net.ipv4.ip_forward"),
      z.union([z.string().regex(/^\S+( \S+)*$/, "expected a value of one line"), z.number().int()]),
    )
    .default({})
    .describe("Kernel parameters, now and at boot: `/etc/sysctl.d/99-zz-k3s-board.conf`."),
  kernelCommandLine: z
    .array(z.string().regex(/^[^\s"'\\$]+$/, "expected one kernel parameter, without blanks and quotes"))
    .default([])
    .describe(
      "Parameters that the kernel's command line has to have, such as `cgroup_enable=memory`. They are written where this board's boot loader " +
        "reads them (`cmdline.txt` of a Raspberry Pi, `armbianEnv.txt`, U-Boot's `extlinux.conf`, GRUB) and apply with a reboot.",
    ),
  swap: z
    .enum(["disabled"])
    .optional()
    .describe(
      "`disabled`: no swap, now and at boot. Entries of `/etc/fstab` become comments, swap units of generators (zram, GPT) are masked, and the services " +
        "that make swap (`zramswap`, `dphys-swapfile`, …) stop and are disabled.",
    ),
  selinux: z
    .enum(["permissive", "disabled"])
    .optional()
    .describe(
      "State of SELinux, in `/etc/selinux/config` and now. `disabled` is permissive until the next boot. A board without SELinux is `disabled`.",
    ),
  firewall: firewallConfig.optional().describe("firewalld and ufw, whichever the board has."),
  timeSync: z
    .enum(["enabled"])
    .optional()
    .describe(
      "`enabled`: the service that keeps the clock runs, now and at boot: chrony, ntpsec, ntpd or systemd-timesyncd, whichever is installed.",
    ),
  locale: z
    .string()
    .regex(/^[A-Za-z0-9_.@-]+$/, "expected the name of a locale, such as C.UTF-8")
    .optional()
    .describe(
      "`LANG` of logins and services, in `/etc/locale.conf` or `/etc/default/locale`. The board must have that locale.",
    ),
  timezone: z
    .string()
    .regex(/^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/, "expected the name of a time zone, such as Asia/Shanghai")
    .optional()
    .describe("Time zone of the board: the link `/etc/localtime`, and `/etc/timezone` where that is there."),
  reboot: z
    .enum(["allowed", "never"])
    .default("never")
    .describe(
      "Whether the board may be rebooted for what only a boot applies. A preview announces it. `never`: what waits for a reboot is told, and you reboot.",
    ),
  rebootForUpdates: z
    .boolean()
    .default(false)
    .describe(
      "Whether an update that asks for a reboot (`/run/reboot-required` of Debian and Ubuntu) is a reason too.",
    ),
  rebootTimeoutSeconds: z
    .number()
    .int()
    .positive()
    .default(900)
    .describe("Seconds for the board to come back after a reboot."),
});

/** {@link prerequisitesConfig} with defaults filled in. */
export type PrerequisitesConfig = z.output<typeof prerequisitesConfig>;
