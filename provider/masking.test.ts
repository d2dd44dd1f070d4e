import { describe, expect, it } from "vitest";
import { masking } from "./masking";

describe("masking", () => {
  const mask = masking({ files: [{ content: "token: K10abc::server:s3cret\nport: 6443\n" }], password: "hunter22" }, [
    ["files", 0, "content"],
    ["password"],
  ]);
  it("hides secrets and the long words of secret files", () => {
    expect(mask('starting with token K10abc::server:s3cret, password="hunter22"')).toBe(
      'starting with token ***, password="***"',
    );
  });
  it("leaves other text alone", () => {
    expect(mask("listening on port 6443")).toBe("listening on port 6443");
  });
});
