import { boardBreaks } from "./breaks/board";
import type { Break } from "./breaks/break";
import { dnsBreaks } from "./breaks/dns";
import { imageBreaks } from "./breaks/images";
import { networkBreaks } from "./breaks/network";
import { registryBreaks } from "./breaks/registries";
import { serviceBreaks } from "./breaks/services";

/** What is done to an emulated board, in this order. */
export const breaks: readonly Break[] = [
  ...serviceBreaks,
  ...registryBreaks,
  ...imageBreaks,
  ...dnsBreaks,
  ...networkBreaks,
  ...boardBreaks,
];
