import { describe, expect, it } from "vitest";
import type { Architecture } from "../board/architecture";
import { askHelp, type ConfiguredNode, ownHelpProblems } from "./own-help";

const help = `OPTIONS:
   --config FILE, -c FILE  (config) Load configuration from FILE
   --debug                 (logging) Turn on debug logs
   -v value                (logging) Number for the log level verbosity
   --log value, -l value   (logging) Log to file
   --shiny-new value       (test) what 1.37 brought
   --tls-san value         (listener) names
   --token value, -t value (cluster) token
   --kubelet-arg value     (flags) of kubelet
   --help, -h              show help
`;
const node: ConfiguredNode = {
  binary: { kind: "file", local: "/k3s", path: "/usr/local/bin/k3s" },
  arch: "riscv64",
  role: "server",
  version: "v1.37.0+k3s1",
  config: { debug: true, "shiny-new": 1, "shiny-old+": ["a"], "disable-etcd": true },
  section: "k3s.config",
};

describe("ownHelpProblems", () => {
  const asked = async (nodes: readonly ConfiguredNode[], answer = help) => {
    const questions: string[] = [];
    const problems = await ownHelpProblems(nodes, (program, arch, command) => {
      questions.push([program, arch, command].join(" "));
      return Promise.resolve(answer);
    });
    return { questions, problems };
  };

  it("tells what a k3s beyond the table does not know itself, and takes what it knows", async () => {
    const { problems } = await asked([node]);
    expect(problems).toEqual([
      {
        path: "k3s.config.shiny-old",
        reason: "k3s v1.37.0+k3s1 has no flag --shiny-old, by its own help; did you mean shiny-new?",
      },
    ]);
  });

  it("tells what the table knows and that k3s has lost", async () => {
    const { problems } = await asked([{ ...node, config: { docker: true, "kubelet-arg": ["v=2"] } }]);
    expect(problems).toEqual([
      { path: "k3s.config.docker", reason: "k3s v1.37.0+k3s1 has no flag --docker, by its own help" },
    ]);
  });

  it("asks a program once for each role, for all nodes that have it", async () => {
    const agent = {
      ...node,
      role: "agent",
      config: { disable: ["x"], "shiny-new": 1 },
      section: "agents.a.config",
    } as const;
    const { questions, problems } = await asked([node, node, agent]);
    expect(questions).toEqual(["/k3s riscv64 server", "/k3s riscv64 agent"]);
    // what only servers had: agents of a newer k3s may have it
    expect(problems.map(({ path }) => path)).toEqual([
      "k3s.config.shiny-old",
      "k3s.config.shiny-old",
      "agents.a.config.disable",
    ]);
  });

  it.each<[string, Partial<ConfiguredNode>]>([
    ["of a version in the table", { version: "v1.36.3+k3s1" }],
    ["that is on the board", { binary: { kind: "installed", path: "/usr/local/bin/k3s" } }],
    ["of a package", { binary: { kind: "package", name: "k3s", path: "/usr/bin/k3s" } }],
    ["without keys", { config: {} }],
  ])("asks no k3s %s", async (_title, changes) => {
    expect(await asked([{ ...node, ...changes }])).toEqual({ questions: [], problems: [] });
  });

  it("leaves it to the board where the program does not run here", async () => {
    expect(await ownHelpProblems([node], () => Promise.resolve(undefined))).toEqual([]);
  });
});

describe("askHelp", () => {
  it("gets nothing from a program that does not say its help, or cannot be run", async () => {
    const here: Architecture = process.arch === "x64" ? "amd64" : "arm64";
    expect(await askHelp("/bin/false", here, "server")).toBeUndefined();
    expect(await askHelp("/gone", here, "server")).toBeUndefined();
  });
});
