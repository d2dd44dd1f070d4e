import * as pulumi from "@pulumi/pulumi";
import { beforeAll, expect, it } from "vitest";
import type { PlannedImage } from "./plan";
import { RegistryImages } from "./registry-images";

const registered: string[] = [];
beforeAll(async () => {
  await pulumi.runtime.setMocks({
    newResource: ({ name, inputs }) => {
      registered.push(name);
      return { id: name, state: inputs as Record<string, unknown> };
    },
    call: () => ({}),
  });
});

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;

/** An image that was built here, with a list of its modules. */
function built(name: string, letter: string): PlannedImage {
  const image = { layout: `/images/${letter}`, digest: digest(letter) };
  const sbom = { digest: digest("f"), layout: `/images/${letter}/sbom` };
  return {
    name,
    strategy: "build",
    digest: image.digest,
    content: { kind: "layout", image: { ...image, sbom } },
  } as unknown as PlannedImage;
}

it("has one list of modules for all names of an image, which does not go with one of them", async () => {
  const connection = { host: "board", hostKeys: ["ssh-ed25519 AAAA"] };
  const images = [
    built("docker.io/shop/web:1.0", "a"),
    built("docker.io/shop/web:2.0", "a"),
    built("docker.io/shop/web:3.0", "b"),
  ];
  new RegistryImages("images", {
    connection,
    registry: { url: "http://127.0.0.1:5000", throughBoard: true },
    images,
    after: [],
  });
  await pulumi.runtime.disconnect();
  expect(registered.filter((name) => name.endsWith("-sbom")).sort()).toEqual([
    "shop/web@aaaaaaaaaaaa-sbom",
    "shop/web@bbbbbbbbbbbb-sbom",
  ]);
});
