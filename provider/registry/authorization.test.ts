import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Authorizer, type AuthorizerOptions } from "./authorization";
import type { Exchange } from "./exchange";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const bearer = 'Bearer realm="https://auth.example/token",service="r",scope="repository:a/b:pull"';
const asked: Exchange[] = [];

/** An authorizer whose token server counts its tokens. */
function authorizer(options: Partial<AuthorizerOptions> = {}, answer: object = { expires_in: 100 }): Authorizer {
  asked.splice(0);
  return new Authorizer({
    base: new URL("https://r.example"),
    label: "https://r.example",
    tunnelled: false,
    exchange: (request) => {
      asked.push(request);
      const body = Buffer.from(JSON.stringify({ token: `t${asked.length}`, ...answer }));
      return Promise.resolve({ status: 200, headers: {}, body });
    },
    ...options,
  });
}
const credentials = { username: "me", password: "secret" };

describe("Authorizer", () => {
  it("keeps a token for its repository, and gets a new one before it ends", async () => {
    const one = authorizer({ credentials });
    expect(await one.header("a/b")).toBeUndefined();
    expect(await one.challenged("a/b", bearer)).toBe("Bearer t1");
    vi.advanceTimersByTime(89_000);
    expect(await one.header("a/b")).toBe("Bearer t1");
    expect(await one.header("c/d")).toBeUndefined();
    vi.advanceTimersByTime(2000);
    expect(await one.header("a/b")).toBe("Bearer t2");
    expect(asked.map(({ url }) => url.searchParams.get("scope"))).toEqual([
      "repository:a/b:pull",
      "repository:a/b:pull",
    ]);
  });

  it("asks without a login where there is none", async () => {
    await authorizer().challenged("a/b", bearer);
    expect(asked[0]?.headers).toBeUndefined();
  });

  it("hands an identity token in as OAuth does", async () => {
    const one = authorizer(
      { credentials: { username: "<token>", password: "id" } },
      { access_token: "x", token: undefined },
    );
    expect(await one.challenged("a/b", bearer)).toBe("Bearer x");
    const form = new URLSearchParams((asked[0]?.body as Buffer | undefined)?.toString());
    expect(asked[0]?.method).toBe("POST");
    expect(asked[0]?.url.href).toBe("https://auth.example/token");
    expect(Object.fromEntries(form)).toMatchObject({
      grant_type: "refresh_token",
      refresh_token: "id",
      service: "r",
      scope: "repository:a/b:pull",
    });
  });

  it("uses a login for every repository", async () => {
    const one = authorizer({ credentials });
    await one.challenged("a/b", 'Basic realm="x"');
    expect(await one.header("c/d")).toBe(`Basic ${Buffer.from("me:secret").toString("base64")}`);
  });

  it("says what is missing, and never the password", async () => {
    await expect(authorizer().challenged("a/b", 'Basic realm="x"')).rejects.toThrow("wants a user name and a password");
    await expect(authorizer().challenged("a/b", "Negotiate")).rejects.toThrow("a way that is not supported");
    const plain = 'Bearer realm="http://auth.example/token"';
    const refused = authorizer({ credentials }).challenged("a/b", plain);
    await expect(refused).rejects.toThrow("credentials do not go there without TLS");
    await expect(refused).rejects.not.toThrow("secret");
    // the registry itself, as one behind a proxy that ends TLS may name itself
    const itself = authorizer({ credentials }).challenged("a/b", 'Bearer realm="http://r.example/token"');
    await expect(itself).rejects.toThrow("http://r.example for a token, and credentials do not go there without TLS");
    expect(asked).toEqual([]);
    const loopback = 'Bearer realm="http://127.0.0.1:1/token"';
    await expect(authorizer({ credentials, tunnelled: true }).challenged("a/b", loopback)).rejects.toThrow(
      "without TLS",
    );
    expect(authorizer().refused("a/b").message).toContain("for a/b, or has no such repository");
  });

  it("refuses a token server that answers something else", async () => {
    await expect(authorizer({}, { token: 7 }).challenged("a/b", bearer)).rejects.toThrow("answers without a token");
  });
});
