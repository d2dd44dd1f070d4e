import { afterEach, expect, it, vi } from "vitest";
import { UnfitImages } from "../components/images/unfit-images";
import { runCli } from "./cli";
import type { Project } from "./engine/project";

afterEach(() => vi.restoreAllMocks());

it("an audit whose stack cannot get its images ends like one that found unfit images, and says which", async () => {
  const said: string[] = [];
  vi.spyOn(process.stderr, "write").mockImplementation((text) => said.push(String(text)) > 0);
  const refused = () => Promise.reject(new UnfitImages("one image cannot be had for linux/riscv64", ["a/b:1: …"]));
  expect(await runCli(["audit"], {} as Project, undefined, refused)).toBe(8);
  expect(said).toEqual(["one image cannot be had for linux/riscv64:\n  a/b:1: …\n"]);
});
