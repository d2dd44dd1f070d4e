import { board } from "./catalogue/board";
import type { Entry } from "./catalogue/entry";
import { images } from "./catalogue/images";
import { kubeadm } from "./catalogue/kubeadm";
import { network } from "./catalogue/network";
import { registries } from "./catalogue/registries";
import { services } from "./catalogue/services";

export { areas, type Area, type Severity } from "./catalogue/entry";

/** Every diagnosis, a file for each area and one for kubeadm; docs/doctor.md has its table from here. */
export const catalogue = { ...images, ...registries, ...network, ...board, ...services, ...kubeadm };

/** Name of a diagnosis. */
export type DiagnosisId = keyof typeof catalogue;

/** An entry of {@link catalogue}, whatever its name. */
export function entryOf(id: DiagnosisId): Entry {
  return catalogue[id];
}
