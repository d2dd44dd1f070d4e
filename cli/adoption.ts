import { z } from "zod";

type IdOf = (inputs: Readonly<Record<string, unknown>>) => string | undefined;

/** The id is the text of one input. */
function byInput(name: string): IdOf {
  const schema = z.looseObject({ [name]: z.string() });
  return (inputs) => {
    const parsed = schema.safeParse(inputs);
    return parsed.success ? String(parsed.data[name]) : undefined;
  };
}

const registryImage = z.looseObject({
  registry: z.looseObject({ url: z.string() }),
  repository: z.string(),
  tag: z.string(),
});

/**
 * Types of package `board` whose id and state follow from their inputs: a create that was killed can be handed to `read`, which tells whether
 * and how the thing is there. The others (packages, k3s's data) remember what was there before them in a record on the board that only
 * `create` reads: theirs is simply begun again.
 */
const ids: Readonly<Record<string, IdOf>> = {
  "board:index:File": byInput("path"),
  "board:index:Manifest": byInput("path"),
  "board:index:SystemdService": byInput("name"),
  "board:index:ContainerdImage": byInput("name"),
  "board:index:RegistryImage": (inputs) => {
    const { data } = registryImage.safeParse(inputs);
    return data && `${data.registry.url}/${data.repository}:${data.tag}`;
  },
};

/** The id that the provider gives to a resource with these inputs; `undefined` where it does not follow from them. */
export function idFromInputs(type: string, inputs: Readonly<Record<string, unknown>>): string | undefined {
  return ids[type]?.(inputs);
}
