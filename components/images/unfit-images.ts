/** Images that the board cannot run. The message has all of it. */
export class UnfitImages extends Error {
  override readonly name = "UnfitImages";

  /**
   * @param what - what is refused: "2 images cannot be had for linux/riscv64".
   * @param problems - a sentence each: what is wrong, and what to do.
   */
  constructor(
    readonly what: string,
    readonly problems: readonly string[],
  ) {
    super(`${what}:\n  ${problems.join("\n  ")}`);
  }
}
