import { describe, expect, it } from "vitest";
import { withFingerprints, withoutFingerprints } from "./fingerprints";

const secrets = [["connection"], ["files", 0, "content"]] as const;
const inputs = (content: string) => ({ connection: { host: "h" }, files: [{ content }] });

describe("fingerprints", () => {
  it("change with the secret, and only with it, as long as the key stays", () => {
    const first = withFingerprints(inputs("one"), secrets, {});
    expect(first.fingerprints).toEqual({ "files[0].content": expect.stringMatching(/^[0-9a-f]{16}$/) as string });
    expect(withFingerprints(inputs("one"), secrets, first)).toEqual(first);
    expect(withFingerprints(inputs("two"), secrets, first).fingerprints).not.toEqual(first.fingerprints);
    expect(withFingerprints(inputs("one"), secrets, {}).fingerprints).not.toEqual(first.fingerprints);
    expect(withoutFingerprints(first)).toEqual(inputs("one"));
  });
  it("are not made where nothing is secret but the connection, nor of what is not known yet", () => {
    expect(withFingerprints(inputs("one"), [["connection"]], {})).toEqual(inputs("one"));
    expect(withFingerprints(inputs("one"), [["drain", "connection"]], {})).toEqual(inputs("one"));
    expect(withFingerprints(inputs("04da6b54-80e4-46f7-96ec-b56ff0331ba9"), secrets, {}).fingerprints).toEqual({});
  });
});
