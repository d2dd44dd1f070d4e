import fc from "fast-check";
import {
  emptyConfiguration,
  filePath,
  firstService,
  servicePaths,
  unitName,
  type Configuration,
  type PlannedFile,
  type PlannedService,
  type ServiceName,
} from "./configuration";

/** One change of the configuration. */
export type Edit =
  | { readonly kind: "file"; readonly name: string; readonly file: PlannedFile | undefined }
  | { readonly kind: "file property"; readonly name: string; readonly change: Partial<PlannedFile> }
  | { readonly kind: "service"; readonly name: ServiceName; readonly there: boolean }
  | { readonly kind: "service property"; readonly name: ServiceName; readonly change: Partial<PlannedService> }
  | { readonly kind: "prerequisites"; readonly change: Partial<Configuration["prerequisites"]> }
  | { readonly kind: "reboots"; readonly reboots: boolean };

/** Something that a hand did on the board, as a script. */
export interface Drift {
  readonly what: string;
  readonly script: string;
}

/** One step of a run: what a hand did, then what the configuration became. */
export interface Step {
  readonly drifts: readonly Drift[];
  readonly edits: readonly Edit[];
}

const word = fc.constantFrom("amber", "basalt", "cedar", "dune", "ember", "fjord");
const text = fc
  .array(fc.tuple(word, word), { maxLength: 4 })
  .map((lines) => lines.map(([key, value]) => `${key}: ${value}\n`).join(""));
const mode = fc.constantFrom("0644", "0600", "0755");
const fileName = fc.constantFrom("a", "b", "c", "d", "there-before");
const serviceName = fc.constantFrom<ServiceName>("own", "own", "system");
const configName = fc.constantFrom("main", "extra", "third");

const plannedFile: fc.Arbitrary<PlannedFile> = fc.record({
  text,
  mode,
  place: fc.constantFrom(1, 2),
  secret: fc.boolean(),
  fromSource: fc.constantFrom(false, false, true),
});

const config = fc.dictionary(configName, text, { maxKeys: 3 });

const edit: fc.Arbitrary<Edit> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("file"),
      name: fileName,
      file: fc.option(plannedFile, { nil: undefined, freq: 3 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("file property"),
      name: fileName,
      change: fc.oneof<fc.Arbitrary<Partial<PlannedFile>>[]>(
        fc.record({ text }),
        fc.record({ mode }),
        fc.record({ place: fc.constantFrom(1, 2) }),
        fc.record({ secret: fc.boolean() }),
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("service"),
      name: serviceName,
      there: fc.constantFrom(true, true, false),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant("service property"),
      name: serviceName,
      change: fc.oneof<fc.Arbitrary<Partial<PlannedService>>[]>(
        fc.record({ enabled: fc.boolean() }),
        fc.record({ running: fc.constantFrom(true, true, false) }),
        fc.record({ description: word }),
        fc.record({
          flags: fc.array(
            word.map((flag) => `--${flag}`),
            { maxLength: 3 },
          ),
        }),
        fc.record({ config }),
        fc.record({ config }),
        fc.record({ configMode: mode }),
        fc.record({ password: fc.constantFrom("", "s3cret-one", "s3cret-two") }),
        fc.record({ trigger: fc.constantFrom("one", "two") }),
        fc.record({ program: fc.constantFrom(undefined, 1, 2) }),
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("prerequisites"),
      change: fc.oneof<fc.Arbitrary<Partial<Configuration["prerequisites"]>>[]>(
        fc.record({
          hosts: fc.dictionary(
            fc.constantFrom("192.0.2.7", "192.0.2.8"),
            fc.array(word, { minLength: 1, maxLength: 2 }),
          ),
        }),
        fc.record({ sysctls: fc.dictionary(fc.constant("kernel.domainname"), word) }),
        fc.record({ hostname: fc.option(word, { nil: undefined }) }),
        fc.record({ blacklistedModules: fc.uniqueArray(fc.constantFrom("pcspkr", "floppy")) }),
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("reboots"), reboots: fc.boolean() }) },
);

const hand = (what: string, script: string): Drift => ({ what, script });
const onFile = fc.tuple(fileName, fc.constantFrom(1, 2)).map(([name, place]) => filePath(name, place));
const onConfig = fc.tuple(serviceName, configName).map(([name, file]) => servicePaths(name).config(file));
const onUnitFile = serviceName.chain((name) => fc.constantFrom(servicePaths(name).unit, servicePaths(name).dropIn));
const onProgram = serviceName.map((name) => servicePaths(name).program);
const path = fc.oneof(onFile, onConfig, onUnitFile, onProgram);
const ifThere = (file: string, script: string) => `[ ! -f ${file} ] || ${script}`;
const onUnit = serviceName.map((name) => `${unitName(name)}.service`);

const drift: fc.Arbitrary<Drift> = fc.oneof(
  path.map((file) => hand(`${file} is edited`, ifThere(file, `echo '# by hand' >>${file}`))),
  path.map((file) => hand(`${file} is removed`, `rm -f ${file}`)),
  path.map((file) => hand(`${file} gets another mode`, ifThere(file, `chmod 0640 ${file}`))),
  path.map((file) =>
    hand(`${file} is written again as it is`, ifThere(file, `{ cp ${file} ${file}.copy; mv ${file}.copy ${file}; }`)),
  ),
  onFile.map((file) =>
    hand(
      `${file} is made`,
      `mkdir -p ${file.slice(0, file.lastIndexOf("/"))}; [ -e ${file} ] || echo foreign >${file}`,
    ),
  ),
  onUnit.map((unit) => hand(`${unit} stops`, `systemctl stop ${unit} || :`)),
  onUnit.map((unit) => hand(`${unit} is killed`, `systemctl kill -s KILL ${unit} || :; sleep 0.5`)),
  onUnit.map((unit) =>
    hand(`${unit} restarts`, `[ "$(systemctl is-active ${unit})" != active ] || systemctl restart ${unit}`),
  ),
  onUnit.map((unit) => hand(`${unit} is disabled`, `systemctl disable -q ${unit} || :`)),
  onUnit.map((unit) => hand(`${unit} is enabled`, `systemctl enable -q ${unit} || :`)),
  fc.constant(hand("systemd reads its units again", "systemctl daemon-reload")),
  fc.constant(hand("the domain name is set", "echo by-hand >/proc/sys/kernel/domainname")),
  fc.constant(hand("a line is added to /etc/hosts", "echo '192.0.2.99 by-hand' >>/etc/hosts")),
  fc.constant(hand("our names in /etc/hosts are edited", "sed -i 's/^192.0.2.7 /192.0.2.77 /' /etc/hosts")),
  fc.constant(hand("an update asks for a reboot", "touch /run/reboot-required")),
);

/** Steps as they are drawn; most without a drift. */
export const step: fc.Arbitrary<Step> = fc.record({
  drifts: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 2, arbitrary: fc.array(drift, { minLength: 1, maxLength: 2 }) },
  ),
  edits: fc.array(edit, { minLength: 1, maxLength: 3 }),
});

/** The steps of a run, the same for the same seed. A service comes early: without one little can happen. */
export function stepsOf(seed: number, count: number): Step[] {
  const begin: Step = { drifts: [], edits: [{ kind: "service", name: "own", there: true }] };
  return [begin, ...fc.sample(step, { seed, numRuns: count - 1 })];
}

/** The configuration with an edit. An edit of what is not there changes nothing. */
export function applyEdit(configuration: Configuration, edit: Edit): Configuration {
  const { files, services, prerequisites } = configuration;
  switch (edit.kind) {
    case "file": {
      const { [edit.name]: _old, ...others } = files;
      return { ...configuration, files: edit.file === undefined ? others : { ...others, [edit.name]: edit.file } };
    }
    case "file property": {
      const old = files[edit.name];
      return old ? { ...configuration, files: { ...files, [edit.name]: { ...old, ...edit.change } } } : configuration;
    }
    case "service": {
      const { [edit.name]: old, ...others } = services;
      return { ...configuration, services: edit.there ? { ...others, [edit.name]: old ?? firstService } : others };
    }
    case "service property": {
      const old = services[edit.name];
      return old
        ? { ...configuration, services: { ...services, [edit.name]: { ...old, ...edit.change } } }
        : configuration;
    }
    case "prerequisites":
      return { ...configuration, prerequisites: { ...prerequisites, ...edit.change } };
    case "reboots":
      return { ...configuration, reboots: edit.reboots };
  }
}

/** The configuration behind some steps. */
export function configurationAfter(steps: readonly Step[]): Configuration {
  return steps.flatMap(({ edits }) => edits).reduce(applyEdit, emptyConfiguration);
}
