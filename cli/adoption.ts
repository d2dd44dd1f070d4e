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
 * Types of package `board` that leave something on the board, or in the cluster, before their `create` ends, and whose id follows from their inputs: a create that was
 * killed can be handed to `read`, which finds out from the inputs and from the records on the board whether it had begun.
 */
const ids: Readonly<Record<string, IdOf>> = {
  "board:index:File": byInput("path"),
  "board:index:Manifest": byInput("path"),
  "board:index:SystemdService": byInput("name"),
  "board:index:DatastoreBackup": byInput("name"),
  "board:index:Setting": byInput("kind"),
  "board:index:Reboot": () => "reboot",
  "board:index:Package": byInput("name"),
  "board:index:K3sData": byInput("dataDir"),
  "board:index:ClusterNode": byInput("name"),
  "board:index:EtcdMember": byInput("name"),
  "board:index:KubeadmData": () => "kubeadm",
  "board:index:ContainerdImage": byInput("name"),
  "board:index:RegistryImage": (inputs) => {
    const { data } = registryImage.safeParse(inputs);
    return data && `${data.registry.url}/${data.repository}:${data.tag}`;
  },
};

/** The types of which a create that was killed is known. */
export const adoptedTypes = Object.keys(ids);

/** The id that the provider gives to a resource with these inputs; `undefined` where it does not follow from them. */
export function idFromInputs(type: string, inputs: Readonly<Record<string, unknown>>): string | undefined {
  return ids[type]?.(inputs);
}
