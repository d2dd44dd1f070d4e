import { expect, it } from "vitest";
import { agentSkewProblem, skewProblem } from "./version-skew";

it.each<[string, string, boolean, RegExp | undefined]>([
  ["v1.35.2+k3s1", "v1.36.3+k3s1", false, undefined],
  ["v1.36.1+k3s1", "v1.36.3+k3s1", false, undefined],
  ["v1.36.3+k3s1", "v1.36.1+k3s1", false, undefined],
  ["v1.36.3+k3s1", "v1.36.3+k3s2", false, undefined],
  ["v1.9.0", "v1.10.0", false, undefined],
  ["v1.34.2", "v1.36.3", false, /from v1.34.2 to v1.36.3 in one step.*go to v1.35 first/],
  ["v1.34.2", "v1.36.3", true, /one minor version at a time/],
  ["v1.36.3", "v1.35.2", false, /would go back from v1.36.3 to v1.35.2.*k3s.allowDowngrade: restoreDatastore/],
  ["v1.36.3", "v1.35.2", true, undefined],
  ["v1.36.3", "v1.24.0", true, undefined],
  ["v1.36.3", "v2.0.0", true, /major version/],
  ["dev", "v1.36.3", false, undefined],
])("%s to %s, downgrade allowed: %s", (from, to, allowDowngrade, problem) => {
  const found = skewProblem(from, to, { allowDowngrade });
  if (problem === undefined) expect(found).toBeUndefined();
  else expect(found).toMatch(problem);
});

it("does not offer a copy of the datastore where none is made", () => {
  const offer = (hasCopies: boolean) => skewProblem("v1.36.3", "v1.35.2", { allowDowngrade: false, hasCopies });
  expect(offer(true)).toMatch(
    /Consent with k3s.allowDowngrade: restoreDatastore, .* or with k3s.allowDowngrade: true, which/,
  );
  expect(offer(false)).toMatch(
    /unreadable. Consent with k3s.allowDowngrade: true, which goes back with the datastore as it is$/,
  );
});

it.each<[string, string, RegExp | undefined]>([
  ["v1.36.3+k3s1", "v1.36.3+k3s1", undefined],
  ["v1.36.5+k3s1", "v1.36.3+k3s1", undefined],
  ["v1.33.1+k3s1", "v1.36.3+k3s1", undefined],
  ["v1.32.9+k3s1", "v1.36.3+k3s1", /too old for the servers, which are v1\.36\.3\+k3s1: .* from v1\.33 on/],
  ["v1.37.0+k3s1", "v1.36.3+k3s1", /newer than the servers.*servers first/],
  ["v1.25.0", "v1.28.0", undefined],
  // a kubelet before 1.25 bears two minor versions, not three
  ["v1.24.0", "v1.27.0", /from v1\.25 on/],
  ["v1.24.0", "v1.26.0", undefined],
  ["v2.0.0", "v1.36.3", /major version/],
  ["dev", "v1.36.3", undefined],
])("an agent %s with servers %s", (agent, server, problem) => {
  const found = agentSkewProblem(agent, server);
  if (problem === undefined) expect(found).toBeUndefined();
  else expect(found).toMatch(problem);
});
