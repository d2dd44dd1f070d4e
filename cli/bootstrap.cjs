"use strict";
// Starts a TypeScript entry point of this project on a fresh clone: `node cli/bootstrap.cjs <file> [arguments]`. Plain JavaScript without
// dependencies, because its first task is to install them. `npm ci` runs only where node_modules is missing or older than package-lock.json.

const { spawnSync } = require("node:child_process");
const { existsSync, readFileSync, rmSync, writeFileSync } = require("node:fs");
const path = require("node:path");

const root = path.resolve(__dirname, "..");
const stamp = path.join(root, "node_modules", ".package-lock.json");

/** The oldest Node that can load ES modules with `require`, which some dependencies need. */
const oldestNode = [20, 19];

/** A sentence about a Node that is too old, `undefined` where it will do. */
function nodeProblem(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return undefined;
  return `Node ${version} is too old: k3s-board needs Node ${oldestNode.join(".")} or newer (20, 22 and 24 are tested).`;
}

/**
 * Compares package-lock.json with the copy that npm keeps in node_modules of what it has installed.
 *
 * @returns why `npm ci` is needed, `undefined` when it is not.
 */
function staleReason(wanted, installed) {
  if (installed === undefined) return "node_modules is missing";
  for (const [name, entry] of Object.entries(wanted.packages)) {
    const there = installed.packages[name];
    if (name === "" || entry.link || entry.optional || entry.devOptional || entry.peer) continue;
    if (!there || there.version !== entry.version || there.integrity !== entry.integrity) {
      return `${name.replace(/^node_modules\//, "")} is not the one in package-lock.json`;
    }
  }
  return undefined;
}

function readJson(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
}

/** Installs what package-lock.json names. Two starts at once: the second waits for the first. */
function install(reason) {
  process.stderr.write(`npm ci: ${reason}\n`);
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const result = spawnSync(npm, ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    // Standard output belongs to the command that was asked for (`--json`).
    stdio: ["ignore", 2, 2],
  });
  if (result.status !== 0) {
    process.stderr.write(
      `npm ci failed${result.error ? `: ${result.error.message}` : ""}. It needs a package registry.\n`,
    );
    process.exit(1);
  }
}

/** Runs `work` while no other start installs. The lock is a file with our process number; one of a dead process is taken over. */
function withInstallLock(work) {
  const lock = path.join(root, ".npm-ci.lock");
  const until = Date.now() + 15 * 60_000;
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const owner = Number(readOr(lock, "0"));
    if (owner > 0 && !alive(owner)) rmSync(lock, { force: true });
    else if (Date.now() > until) throw new Error(`${lock}: process ${owner} has held it for 15 minutes`);
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 250);
  }
  try {
    work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function readOr(file, otherwise) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return otherwise;
  }
}

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

function main() {
  const problem = nodeProblem(process.versions.node);
  if (problem) {
    process.stderr.write(`${problem}\n`);
    process.exit(2);
  }
  const wanted = readJson(path.join(root, "package-lock.json"));
  const reason = () => staleReason(wanted, readJson(stamp));
  if (reason()) {
    withInstallLock(() => {
      const still = reason();
      if (still) install(still);
    });
  }
  const [entry, ...rest] = process.argv.slice(2);
  const file = path.resolve(root, entry);
  process.argv = [process.argv[0], file, ...rest];
  require("../tools/typescript.cjs");
  require(file);
}

module.exports = { nodeProblem, staleReason };
if (require.main === module) main();
