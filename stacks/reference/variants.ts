import { alternatives, code, flow, propertiesOf, type Schema } from "./types";

/** A key of an object. */
export interface Key {
  readonly name: string;
  readonly schema: Schema;
  readonly required: boolean;
}

/** A group of keys under one heading. */
export interface VariantSection {
  /** What tells the variants apart: `` `kind: board` ``. */
  readonly titles: readonly string[];
  readonly about: string;
  readonly keys: readonly Key[];
}

/** The keys of an object's schema. */
export function keysOf(schema: Schema): Key[] {
  return propertiesOf(schema).map(([name, inner]) => ({
    name,
    schema: inner,
    required: schema.required?.includes(name) ?? false,
  }));
}

/** A variant is known by a key with one fixed value, or else by the first key that it must have. */
function variantOf(schema: Schema): VariantSection {
  const keys = keysOf(schema);
  const fixed = keys.find((key) => key.schema.const !== undefined);
  if (fixed === undefined) return { titles: [`with ${code(schema.required?.[0] ?? "")}`], about: "", keys };
  return {
    titles: [code(`${fixed.name}: ${flow(fixed.schema.const)}`)],
    about: fixed.schema.description ?? "",
    keys: keys.filter((key) => key !== fixed),
  };
}

/**
 * A union as sections: one a variant with the keys that only it has, then the keys that mean the same in several variants, once for each
 * set of variants that has them.
 */
export function variantSections(union: Schema): VariantSection[] {
  const variants = (alternatives(union) ?? []).map(variantOf);
  const identity = (key: Key) => JSON.stringify(key);
  const having = (key: Key) => variants.filter(({ keys }) => keys.some((other) => identity(other) === identity(key)));
  const shared = new Map<string, VariantSection>();
  for (const key of variants.flatMap(({ keys }) => keys)) {
    const titles = having(key).flatMap((variant) => variant.titles);
    if (titles.length < 2) continue;
    const group = shared.get(titles.join()) ?? { titles, about: "The same for each of them.", keys: [] };
    if (group.keys.some((other) => identity(other) === identity(key))) continue;
    shared.set(titles.join(), { ...group, keys: [...group.keys, key] });
  }
  const own = variants.map((variant) => ({ ...variant, keys: variant.keys.filter((key) => having(key).length < 2) }));
  return [...own, ...shared.values()];
}
