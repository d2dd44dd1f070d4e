import type { PrerequisitesConfig } from "../../components/board/prerequisites/config";

/** A file of its own. */
export interface PlannedFile {
  readonly text: string;
  readonly mode: string;
  /** Another one is another path: the resource is replaced. */
  readonly place: number;
  readonly secret: boolean;
  /** Sent from a file on this machine instead of from the program. */
  readonly fromSource: boolean;
}

/** A service with what it reads at start. */
export interface PlannedService {
  readonly enabled: boolean;
  readonly running: boolean;
  /** Words of the unit's own text that nothing hangs on. */
  readonly description: string;
  /** Flags in a drop-in; none: there is no drop-in. */
  readonly flags: readonly string[];
  /** Texts of configuration files by name. */
  readonly config: Readonly<Record<string, string>>;
  readonly configMode: string;
  /** A file with a secret; none where empty. */
  readonly password: string;
  readonly trigger: string;
  /** Which of the programs runs; none: one that the system brings. */
  readonly program: number | undefined;
}

/** All that a generated stack can be. */
export interface Configuration {
  readonly files: Readonly<Record<string, PlannedFile>>;
  /** `own` has a unit of ours; `system` is there before us and gets a drop-in. */
  readonly services: Readonly<Partial<Record<ServiceName, PlannedService>>>;
  readonly prerequisites: Pick<PrerequisitesConfig, "hosts" | "sysctls" | "blacklistedModules"> & {
    readonly hostname?: string;
  };
  /** Whether the board is rebooted for updates that ask for it. */
  readonly reboots: boolean;
}

/** Services of a generated stack. */
export type ServiceName = "own" | "system";

/** Nothing. */
export const emptyConfiguration: Configuration = {
  files: {},
  services: {},
  prerequisites: { hosts: {}, sysctls: {}, blacklistedModules: [] },
  reboots: false,
};

/** A service as it is when a configuration first has it. */
export const firstService: PlannedService = {
  enabled: true,
  running: true,
  description: "first",
  flags: [],
  config: { main: "level: 1\n" },
  configMode: "0644",
  password: "",
  trigger: "one",
  program: undefined,
};

/** Where a file of its own is. */
export function filePath(name: string, place: number): string {
  return `/etc/property/${place}/${name}`;
}

/** Where what a service reads is. */
export const servicePaths = (name: ServiceName) => ({
  unit: `/etc/systemd/system/property-${name}.service`,
  dropIn: `/etc/systemd/system/property-${name}.service.d/10-flags.conf`,
  config: (file: string) => `/etc/property-${name}/${file}.yaml`,
  password: `/etc/property-${name}/password`,
  program: `/usr/local/lib/property/${name}`,
});

/** Name of a service's unit, without `.service`. */
export function unitName(name: ServiceName): string {
  return `property-${name}`;
}
