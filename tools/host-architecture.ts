import { architectures, type Architecture } from "../components/board/architecture";

/** Go's name for this machine's architecture. Throws for one that is not among {@link architectures}. */
export function hostArchitecture(): Architecture {
  const name = process.arch === "x64" ? "amd64" : (process.arch as string);
  const found = architectures.find((architecture) => architecture === name);
  if (!found) throw new Error(`this machine's architecture is ${name}; the tools run on ${architectures.join(", ")}`);
  return found;
}
