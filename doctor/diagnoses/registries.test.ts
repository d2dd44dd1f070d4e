import { expect, it } from "vitest";
import { healthy, waitingPod } from "../fixtures/healthy";
import { pullFindings } from "./registries";

/** What is found where a pull fails so. */
const found = (image: string, why: string) =>
  pullFindings({ ...healthy(), pods: [waitingPod("ErrImagePull", why, { image })] })[0];

it("a mirror that speaks http is mended by the key of the registry that it stands in for", () => {
  const remedyFor = (image: string, query: string) =>
    found(
      image,
      `failed to do request: Head "https://r.lan:5000/v2/a/b/manifests/1${query}": http: server gave HTTP response to HTTPS client`,
    )?.remedy;
  const endpoint = 'endpoint: ["http://r.lan:5000"]';
  expect(remedyFor("docker.io/a/b:1", "?ns=docker.io")).toContain(`mirrors."docker.io".${endpoint}`);
  expect(remedyFor("10.0.0.5:5000/a/b:1", "?ns=10.0.0.5%3A5000")).toContain(`mirrors."10.0.0.5:5000".${endpoint}`);
  expect(remedyFor("r.lan:5000/a/b:1", "")).toContain(`mirrors."r.lan:5000".${endpoint}`);
});

it.each([
  [
    "image-unknown-or-private",
    "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed",
  ],
  [
    "registry-unauthorized",
    "failed to authorize: failed to fetch oauth token: unexpected status from POST request: 401 Unauthorized",
  ],
])("%s is told by the registry's words", (id, why) => expect(found("coredns:local", why)).toMatchObject({ id }));
