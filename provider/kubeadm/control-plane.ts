import { z } from "zod";
import { lineDiff } from "../files/line-diff";
import { originals } from "../files/originals";
import { absolutePath } from "../files/schema";
import { lastLines, writeText } from "../files/write";
import { pauseAfterLook } from "../pause";
import { type Context, type Difference, PartialFailure, type ResourceType } from "../resource";
import type { Board } from "../ssh/board";
import { BoardError } from "../ssh/board-error";
import { connectionArgs } from "../ssh/connection-args";
import { labelOf } from "../ssh/login";
import { configuredVersion, runningVersion } from "./cluster-version";
import {
  beginScript,
  filePhases,
  heldBackPath,
  holdBackScript,
  initRecord,
  kubeadmPaths,
  laterPods,
  manifestPath,
  onDiskScript,
  phasesScript,
  preflightScript,
  stagedConfig,
  staticPods,
} from "./phases";
import { refuseKeepData, resetNode } from "./reset";
import { staticPodsHealth } from "./static-pods";

const inputs = z.strictObject({
  connection: connectionArgs,
  /** Path of kubeadm on the board. */
  kubeadm: absolutePath,
  /** Text of its configuration. */
  config: z.string(),
  /** Name of the control plane's node: after a change this one has to be Ready, whatever the others are. */
  node: z.string().min(1),
  /** Address of the runtime, for a reset. */
  criSocket: z.string().startsWith("unix:///"),
  /** Checks of kubeadm that may fail. */
  ignorePreflightErrors: z.array(z.string().regex(/^[\w.-]+$/, "expected a check's name such as Mem")).default([]),
  /** Seconds for the API server to answer again after a change. */
  timeoutSeconds: z.number().positive().default(900),
});

type Inputs = z.output<typeof inputs>;

/** Texts of static pods by name. */
type Manifests = Readonly<Record<string, string>>;

interface State extends Inputs {
  /** The static pods as kubeadm wrote them. */
  readonly manifests: Manifests;
  /** Those that are otherwise on the board now; empty for one that is gone. */
  readonly found: Manifests;
  /** A change of them did not come to its end. */
  readonly unfinished: boolean;
}

/** Seconds for kubeadm's phases: a slow board takes minutes for the keys, and for the images that the checks pull. */
const phaseSeconds = 3600;

/** For so long the API server has to answer after a change: kubelet looks at its static pods every 20 seconds, and until then the old ones answer. */
const steadyMilliseconds = 30_000;

/**
 * A control plane as files: certificates, kubeconfigs and static pods, by the phases of `kubeadm init` that come before kubelet. An init that was
 * interrupted is gone on with; deleting the resource resets the node.
 */
export const kubeadmControlPlane: ResourceType<Inputs, State> = {
  token: "board:index:KubeadmControlPlane",
  inputs,
  secretOutputs: [],
  ignored: ["timeoutSeconds", "ignorePreflightErrors", "kubeadm", "criSocket", "node"],

  diff: (state, wanted) => difference(state, wanted),

  async create(context, wanted) {
    const board = await context.board(wanted.connection);
    await begin(context, board, wanted);
    return { id: "kubeadm", state: { ...wanted, manifests: await manifestsOn(board), found: {}, unfinished: false } };
  },

  async read(context, _id, state) {
    const board = await context.board(state.connection);
    const [config, staged, manifests] = await Promise.all([
      board.file(kubeadmPaths.config),
      board.file(stagedConfig),
      manifestsOn(board),
    ]);
    const text = config.kind === "file" ? (config.content?.toString("utf8") ?? "") : "";
    if (text === "" && Object.keys(manifests).length === 0) return undefined;
    const found = Object.fromEntries(
      staticPods.flatMap((name) => {
        const now = manifests[name] ?? "";
        return now === (state.manifests[name] ?? "") ? [] : [[name, now]];
      }),
    );
    const { manifests: _manifests, found: _found, unfinished: _unfinished, ...wanted } = state;
    const there = { ...wanted, config: text };
    const unfinished = staged.kind !== "absent";
    return { state: { ...there, manifests: state.manifests, found, unfinished }, inputs: there };
  },

  async update(context, _id, old, wanted) {
    const board = await context.board(wanted.connection);
    // an init that has not come to its end has nothing to go back to
    if (Object.keys(old.manifests).length === 0) await begin(context, board, wanted);
    else await change(context, board, old, wanted);
    return { ...wanted, manifests: await manifestsOn(board), found: {}, unfinished: false };
  },

  async delete(context, _id, state) {
    const board = await context.board(state.connection);
    refuseKeepData(board);
    await resetNode(context, board, state, initRecord);
  },
};

/** @throws BoardError where another version of Kubernetes is wanted than the one that runs. */
function difference(state: State, wanted: Inputs): Difference {
  const runs = runningVersion(state.manifests["kube-apiserver"] ?? "");
  const version = configuredVersion(wanted.config);
  if (runs !== undefined && runs !== version)
    throw new BoardError(
      "refused",
      labelOf(state.connection),
      `kubeadm.version: the cluster has Kubernetes ${runs}, and upgrades are not supported`,
      `Set it to ${runs}, or destroy the stack and make it anew with ${version}`,
    );
  if (Object.keys(state.manifests).length === 0)
    return { changed: ["found"], notes: ["an init that did not come to its end is gone on with"] };
  const isChanged = state.config !== wanted.config;
  const drifted = Object.keys(state.found);
  const unfinishedNotes = state.unfinished
    ? ["a change that did not come to its end is settled: kubeadm writes the control plane's static pods anew"]
    : [];
  const configNotes = isChanged
    ? [
        `${kubeadmPaths.config} changes:\n${lineDiff(state.config, wanted.config).join("\n")}`,
        "kubeadm writes the control plane's static pods anew; those that differ restart, and the API server with them does not answer meanwhile",
      ]
    : [];
  const podNotes = drifted.map((name) => {
    const lines = lineDiff(state.found[name] ?? "", state.manifests[name] ?? "");
    return `${manifestPath(name)} changes:\n${lines.join("\n")}\nthe static pod ${name} restarts`;
  });
  return {
    changed: [...(isChanged ? ["config"] : []), ...(drifted.length > 0 || state.unfinished ? ["found"] : [])],
    notes: [...unfinishedNotes, ...configNotes, ...podNotes],
  };
}

/** The static pods that are there, or are held back. */
async function manifestsOn(board: Board): Promise<Manifests> {
  const files = await Promise.all(
    staticPods.map(async (name) => {
      const paths = [manifestPath(name), ...(laterPods.includes(name) ? [heldBackPath(name)] : [])];
      const found = await Promise.all(paths.map((path) => board.file(path)));
      return [name, found.find(({ kind }) => kind === "file")] as const;
    }),
  );
  return Object.fromEntries(
    files.flatMap(([name, file]) => (file?.kind === "file" ? [[name, file.content?.toString("utf8") ?? ""]] : [])),
  );
}

async function begin(context: Context, board: Board, wanted: Inputs): Promise<void> {
  const { kubeadm, criSocket, ignorePreflightErrors } = wanted;
  const begun = await board.run(beginScript(kubeadm, criSocket), {
    purpose: "looking for an earlier init",
  });
  if (begun.code !== 0) throw new BoardError("refused", board.label, lastLines(begun.stderr), "Nothing was changed");
  const ignored = ["Service-Kubelet", ...ignorePreflightErrors];
  const checks =
    begun.stdout.trim() === "fresh" ? preflightScript(kubeadm, configuredVersion(wanted.config), ignored) : "";
  // others need the lock while the checks pull images, for minutes, also those of a run that was killed
  const script = `${originals}
${checks}
lock
${phasesScript(kubeadm, filePhases)}
${holdBackScript}
${onDiskScript}`;
  await writeText(board, { path: kubeadmPaths.config, mode: "0600" }, wanted.config);
  const { code, stderr } = await board.run(script, {
    purpose: "preparing the control plane with kubeadm",
    timeoutSeconds: phaseSeconds,
  });
  if (code === 0) return;
  const reason = new BoardError(
    "refused",
    board.label,
    `the control plane was not prepared: ${context.mask(lastLines(stderr, 12))}`,
    `The same command again goes on where it is. To begin anew: ${kubeadm} reset --cri-socket ${criSocket}`,
  );
  throw new PartialFailure("kubeadm", { ...wanted, manifests: {}, found: {}, unfinished: false }, reason);
}

/**
 * Has kubeadm write the control plane anew from the wanted configuration, which waits beside its place until that is done: where a run ends before,
 * the next one finds it there and does all of it again, also where the configuration is the old one again by then.
 */
async function change(context: Context, board: Board, old: State, wanted: Inputs): Promise<void> {
  const { kubeadm } = wanted;
  // what a change that was killed has made is of its own configuration
  const certificates = old.config === wanted.config && !old.unfinished ? "" : setAside;
  const { code, stdout, stderr } = await board.run(
    `${originals}
lock
( umask 077; cat >${stagedConfig} ) || fail "${stagedConfig} cannot be written"
${certificates}
${phasesScript(kubeadm, filePhases, stagedConfig)}
${holdBackScript}
${onDiskScript}
systemctl is-active kubelet.service || true`,
    {
      purpose: "changing the control plane with kubeadm",
      timeoutSeconds: phaseSeconds,
      stdin: Buffer.from(wanted.config),
    },
  );
  if (code !== 0) await takeBack(context, board, { old, why: lastLines(stderr, 12) });
  // a run that was killed before kubelet has nobody yet who would start the static pods
  if (stdout.trim() === "active") {
    const detail = await answers(board, wanted);
    if (detail !== undefined) await takeBack(context, board, { old, why: detail });
  }
  if (certificates !== "") await board.run(forgetAside, { purpose: "removing the certificates of before" });
  await writeText(board, { path: kubeadmPaths.config, mode: "0600" }, wanted.config);
  await endChange(board);
}

/** Takes away what says that there is a change. */
async function endChange(board: Board): Promise<void> {
  const { code, stderr } = await board.run(`rm -f -- ${stagedConfig}`, { purpose: "ending the change" });
  if (code !== 0) throw new BoardError("refused", board.label, lastLines(stderr), "The same command again removes it");
}

/** What clients check the control plane's names by. kubeadm takes one that is there as it is, whatever names it has to have now. */
const serverCertificates = ["apiserver", "etcd/server"]
  .flatMap((name) => ["crt", "key"].map((end) => `/etc/kubernetes/pki/${name}.${end}`))
  .join(" ");

/** Shell that takes the certificates out of kubeadm's way, and keeps those that the control plane ran with, also where a run was killed after this. */
const setAside = `for path in ${serverCertificates}; do
  [ -e $path.before ] || [ ! -e $path ] || mv -- $path $path.before || fail "$path cannot be set aside"
  rm -f -- $path || fail "$path cannot be removed"
done`;

/** Shell that puts them back. */
const putBackAside = `for path in ${serverCertificates}; do
  [ ! -e $path.before ] || mv -f -- $path.before $path || fail "$path cannot be put back"
done`;

/** Shell that lets go of them. */
const forgetAside = `for path in ${serverCertificates}; do rm -f -- $path.before; done`;

/** Waits for the API server and the static pods; says what is lacking where they do not come. */
async function answers(board: Board, { node, timeoutSeconds }: Inputs): Promise<string | undefined> {
  const started = Date.now();
  let wellSince: number | undefined;
  let detail = "nothing was heard of it";
  for (let began = started; began - started < timeoutSeconds * 1000; began = Date.now()) {
    const health = await staticPodsHealth(board, node);
    wellSince = health.ready ? (wellSince ?? began) : undefined;
    if (wellSince !== undefined && Date.now() - wellSince >= steadyMilliseconds) return undefined;
    detail = health.detail;
    await pauseAfterLook(began);
  }
  return detail;
}

/** Puts certificates and static pods of before back, and throws. */
async function takeBack(
  context: Context,
  board: Board,
  { old, why }: { readonly old: State; readonly why: string },
): Promise<never> {
  context.log("warning", "the control plane does not take the change; its static pods of before are put back");
  const { code, stderr } = await board.run(`${originals}\nlock\n${putBackAside}`, {
    purpose: "putting the certificates of before back",
  });
  if (code !== 0) context.log("warning", `the certificates of before are not back: ${lastLines(stderr)}`);
  for (const [name, text] of Object.entries(old.manifests))
    await writeText(board, { path: manifestPath(name), mode: "0600" }, text);
  // where this fails the next run finds the change and settles it; why the change was not taken is what a person has to know now
  if (code === 0) await endChange(board).catch((error: unknown) => context.log("warning", String(error)));
  throw new BoardError(
    "refused",
    board.label,
    `the control plane was not changed: ${context.mask(why)}`,
    "Its static pods are as they were before",
  );
}
