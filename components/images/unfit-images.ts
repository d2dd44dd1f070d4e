/** Images that the board cannot run; the message names each, says what is wrong with it, and what to do. */
export class UnfitImages extends Error {
  override readonly name = "UnfitImages";
}
