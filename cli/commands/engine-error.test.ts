import { describe, expect, it } from "vitest";
import { engineErrorText } from "./engine-error";

describe("engineErrorText", () => {
  it("takes the lines that name an error, each once", () => {
    const message = [
      "code: -2",
      " stdout: ",
      " stderr: Command failed with exit code 255: /usr/bin/pulumi up --yes",
      "error: incorrect passphrase",
      " err?: Error: Command failed with exit code 255: /usr/bin/pulumi up --yes",
      "error: incorrect passphrase",
    ].join("\n");
    expect(engineErrorText(message)).toBe("error: incorrect passphrase");
  });

  it("says who ended the engine", () => {
    expect(
      engineErrorText("code: -2\n stderr: Command was killed with SIGKILL (Forced termination): pulumi up"),
    ).toContain("ended by SIGKILL; the next run settles");
  });

  it("keeps the end of what it does not know", () => {
    expect(engineErrorText("code: 1\n stdout: \nsomething odd\n err?: \n")).toBe("something odd");
  });
});
