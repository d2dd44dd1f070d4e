import { describe, expect, it } from "vitest";
import { newToken, parseToken, tokenSecret, tokenText } from "./bootstrap-token";

describe("a bootstrap token", () => {
  it("is another one each time, in the form that the API server takes", () => {
    const texts = Array.from({ length: 50 }, () => tokenText(newToken()));
    expect(new Set(texts).size).toBe(50);
    for (const text of texts) expect(text).toMatch(/^[a-z0-9]{6}\.[a-z0-9]{16}$/);
  });

  it.each(["", "abcdef", "abcdef.0123456789abcde", "ABCDEF.0123456789abcdef", "K10aa::node:secret"])(
    "%j is none",
    (text) => expect(parseToken(text)).toBeUndefined(),
  );

  it("is good for joining only, as a node of kubeadm, until a time", () => {
    const token = parseToken("abcdef.0123456789abcdef");
    if (token === undefined) throw new Error("it is one");
    expect(tokenSecret(token, "w1", new Date("2026-11-01T12:00:00.500Z"))).toEqual({
      metadata: { name: "bootstrap-token-abcdef", namespace: "kube-system" },
      type: "bootstrap.kubernetes.io/token",
      stringData: {
        "token-id": "abcdef",
        "token-secret": "0123456789abcdef",
        expiration: "2026-11-01T12:00:00Z",
        "usage-bootstrap-authentication": "true",
        "auth-extra-groups": "system:bootstrappers:kubeadm:default-node-token",
        description: "k3s-board: w1 joins",
      },
    });
  });
});
