import { expect, it } from "vitest";
import { diagnose } from "../../doctor/diagnose";
import { captured, healthy } from "../../doctor/fixtures/healthy";
import { plain } from "../events/lines";
import { doctorDocument, doctorExitCode, doctorText } from "./doctor-report";

it("says the finding, its evidence, what hangs on it and the remedy", () => {
  const facts = captured("no-pause-image");
  const findings = diagnose(facts);
  const text = doctorText(facts, findings, plain);
  expect(text).toContain(
    "error: the pause image docker.io/rancher/mirrored-pause:3.10.2 is not on the board and cannot be pulled",
  );
  expect(text).toContain("  hangs on it:\n    pod default/hello2\n");
  expect(text).toContain("remedy: bring it as an archive");
  expect(text.endsWith("1 error")).toBe(true);
  expect(doctorExitCode(findings)).toBe(9);
  expect(doctorDocument(facts, findings)).toMatchObject({ findings: [{ id: "pause-missing" }], unseen: [] });
});

it("says of a healthy board that nothing is wrong, and what it could not see", () => {
  const facts = { ...healthy(), unseen: [{ what: "iptables", why: "no answer within 6 s" }] };
  const text = doctorText(facts, [], plain);
  expect(text).toContain("could not be seen:\n  iptables: no answer within 6 s");
  expect(text.endsWith("nothing is wrong as far as can be seen")).toBe(true);
  expect(doctorExitCode([])).toBe(0);
});
