import { areas, type Area, type Severity } from "../catalogue";
import type { Facts, UnitFacts } from "../facts";
import type { Finding } from "../findings";
import { isWell } from "../trouble";

/** How something looks: the severity of the worst that is wrong with it, `ok`, or that it was not seen. */
export type Tone = Severity | "ok" | "unseen";

/** What stands for a tone where no colour is seen. */
export const signs: Readonly<Record<Tone, string>> = { error: "✕", warning: "!", note: "i", ok: "✓", unseen: "?" };

/** An area of the board, how it is, and in a few words why. */
export interface AreaState {
  readonly area: Area;
  readonly tone: Tone;
  readonly words: string;
}

const ranks = ["error", "warning", "note"] as const;

/** The worst severity among findings. */
export function worstOf(findings: readonly Finding[]): Tone {
  return ranks.find((rank) => findings.some(({ severity }) => severity === rank)) ?? "ok";
}

/** How many of each severity: `2 errors, 1 warning`; empty without any. */
export function countsOf(findings: readonly Finding[]): string {
  return ranks
    .flatMap((rank) => {
      const count = findings.filter(({ severity }) => severity === rank).length;
      return count === 0 ? [] : [`${count} ${rank}${count === 1 ? "" : "s"}`];
    })
    .join(", ");
}

/** Each area by the roots of what is wrong there; where nothing is, by what was seen of it. */
export function areaStates(facts: Facts, findings: readonly Finding[]): AreaState[] {
  return areas.map((area) => {
    const own = findings.filter((one) => one.area === area);
    if (own.length > 0) return { area, tone: worstOf(own), words: countsOf(own) };
    return { area, ...calm(area, facts) };
  });
}

/** What is seen of an area in which no root of a finding lies. */
function calm(area: Area, facts: Facts): Pick<AreaState, "tone" | "words"> {
  const unseen = { tone: "unseen", words: "not seen" } as const;
  switch (area) {
    case "board":
      return facts.host === undefined ? unseen : { tone: "ok", words: "no fault seen" };
    case "services":
      return facts.units === undefined ? unseen : { tone: "ok", words: "no fault seen" };
    case "network":
      return facts.network === undefined ? unseen : { tone: "ok", words: "no fault seen" };
    case "registries":
      // only a pull that failed tells of a registry
      return facts.pods === undefined ? unseen : { tone: "ok", words: "no pull fails" };
    case "images":
      return facts.images === undefined ? unseen : { tone: "ok", words: "no fault seen" };
    case "pods": {
      if (facts.pods === undefined) return unseen;
      const well = facts.pods.filter(isWell).length;
      const words = `${well} of ${facts.pods.length} are well`;
      return { tone: well === facts.pods.length ? "ok" : "error", words };
    }
  }
}

/** How a unit looks: what is not there is of no importance, what failed or restarts is. */
export function unitTone({ load, active, restarts }: UnitFacts): Tone {
  if (load !== "loaded") return "unseen";
  if (active === "active") return restarts > 0 ? "warning" : "ok";
  return active === "inactive" ? "unseen" : "error";
}
