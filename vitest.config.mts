import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["{bench,cli,components,doctor,emulator,provider,stacks,tools}/**/*.test.ts"],
          testTimeout: 30_000,
        },
      },
      {
        // real sshd, registry, engine, board: one file after the other, because they share a machine
        test: {
          name: "system",
          include: ["test/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 2_400_000,
          hookTimeout: 3_600_000,
        },
      },
    ],
  },
});
