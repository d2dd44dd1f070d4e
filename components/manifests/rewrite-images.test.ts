import { loadAll } from "js-yaml";
import { describe, expect, it } from "vitest";
import type { PlannedImage } from "../images/plan";
import { imagesInManifests } from "./images";
import { rewriteImages, substituteDelivered } from "./rewrite-images";

const images = [
  { name: "docker.io/shop/app:latest", strategy: "build" },
  { name: "docker.io/rancher/mirrored-library-busybox:1.37.0", strategy: "mirror" },
  { name: "docker.io/library/kept:latest", strategy: "keep" },
] as unknown as PlannedImage[];
const pod = (container: string) => `apiVersion: v1
kind: Pod
metadata: { name: a }
spec: { containers: [{ name: c, ${container} }] }
`;
const never = substituteDelivered(images, {
  canPull: false,
  manifestImage: (image) => ({ image, imagePullPolicy: "Never" }),
});
const prefixed = substituteDelivered(images, {
  canPull: true,
  manifestImage: (image) => ({
    image: image.replace(/^docker.io\/rancher/, "127.0.0.1:5000/rancher"),
    imagePullPolicy: "IfNotPresent",
  }),
});
const containerOf = (text: string) =>
  (loadAll(text)[0] as { spec: { containers: unknown[] } }).spec.containers[0] as Record<string, unknown>;

describe("images that pods cannot pull", () => {
  it.each(["image: shop/app", "image: shop/app:latest", "image: docker.io/shop/app, imagePullPolicy: Always"])(
    "are not pulled by a container with %s",
    (container) => {
      const { content, changes } = rewriteImages(pod(container), never);
      const { image } = containerOf(pod(container));
      expect(containerOf(content)).toEqual({ name: "c", image, imagePullPolicy: "Never" });
      expect(changes).toEqual([`Pod a: imagePullPolicy of ${String(image)} is Never here, not Always`]);
    },
  );

  it.each([
    "image: shop/app, imagePullPolicy: IfNotPresent",
    "image: rancher/mirrored-library-busybox:1.37.0",
    "image: other/app:latest",
    "image: kept",
    "image: UPPER, imagePullPolicy: Always",
  ])("leave a container alone that has %s", (container) => {
    expect(rewriteImages(pod(container), never)).toEqual({ content: pod(container), changes: [] });
  });
});

describe("rewriteImages", () => {
  it("puts the registry in front where k3s does, and keeps the text of other documents", () => {
    const other = '# mine\nkind: ConfigMap\ndata: { on: "yes" } # quoted\n';
    const busybox = pod("image: rancher/mirrored-library-busybox:1.37.0").replace("name: a", 'name: "on"');
    const { content, changes } = rewriteImages(`${other}---\n${busybox}---\n${other}`, prefixed);
    expect(content.startsWith(other)).toBe(true);
    expect(content.endsWith(`---\n${other}`)).toBe(true);
    expect(content).toContain("image: 127.0.0.1:5000/rancher/mirrored-library-busybox:1.37.0");
    // a name that YAML 1.1 would read as true stays a name
    expect(content).toMatch(/name: ['"]on['"]/);
    expect(changes).toHaveLength(1);
  });

  it("leaves a directive with the document that it is for", () => {
    const text = (image: string) =>
      `%YAML 1.1\n---\napiVersion: v1\nkind: Pod\nmetadata: { name: a }\nspec: { containers: [{ image: ${image} }] }\n`;
    expect(rewriteImages(text("b:1"), () => undefined).content).toBe(text("b:1"));
    const { content } = rewriteImages(text("b:1"), ({ policy }) => ({ image: "c:1", policy }));
    expect(imagesInManifests(content).map(({ image }) => image)).toEqual(["c:1"]);
  });

  it("finds pods in lists, in templates, and images in volumes", () => {
    const spec = { initContainers: [{ image: "shop/app" }], volumes: [{ image: { reference: "shop/app" } }] };
    const job = { kind: "CronJob", metadata: { name: "j" }, spec: { jobTemplate: { spec: { template: { spec } } } } };
    const text = JSON.stringify({ kind: "List", items: [job] });
    const { content } = rewriteImages(text, never);
    expect(JSON.stringify(loadAll(content)).match(/"(imagePullPolicy|pullPolicy)":"Never"/g)).toHaveLength(2);
  });
});
