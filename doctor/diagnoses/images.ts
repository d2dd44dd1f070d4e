import type { Facts } from "../facts";
import { finding, type Finding } from "../findings";
import { fitsBoard, fullNameOf, imageOnBoard, nameWithoutDomain } from "../images";
import { factsAt } from "../node";
import { chainOf, platformOf, said, troubles, type Trouble } from "../trouble";

/** A container's image with what is known of its trouble. */
type ImageTrouble = Trouble & { readonly container: NonNullable<Trouble["container"]> };

const pulling = /^(ErrImagePull|ImagePullBackOff|ErrImageNeverPull|InvalidImageName)$/;

/** What is wrong with the images of pods. */
export function imageFindings(facts: Facts): Finding[] {
  return troubles(facts).flatMap((trouble) => {
    if (trouble.container === undefined) return [];
    const found = ofTrouble(factsAt(facts, trouble.pod.node), { ...trouble, container: trouble.container });
    return found === undefined ? [] : [found];
  });
}

function ofTrouble(facts: Facts, { pod, container, reason, message }: ImageTrouble): Finding | undefined {
  const image = fullNameOf(container.image);
  const platform = platformOf(facts);
  const context = { evidence: [said({ pod, reason, message })], hangs: [chainOf(pod)], node: pod.node };
  const onBoard = imageOnBoard(facts, image);
  if (/no match for platform|no matching manifest for|no image found in (image index|manifest list) for/.test(message))
    return finding("image-no-platform", { image, platform }, context);
  if (onBoard !== undefined && !fitsBoard(facts, onBoard.platforms)) {
    const found = onBoard.platforms.join(", ");
    const evidence = [...context.evidence, `ctr images ls: ${onBoard.name} ${onBoard.digest} ${found}`];
    return finding("image-wrong-architecture", { image, found, platform }, { ...context, evidence });
  }
  const lied = formatError(facts, pod, container.name, message);
  if (lied !== undefined)
    return finding(
      "image-elf-differs",
      { image, platform, program: lied.program },
      { ...context, evidence: [lied.line, ...context.evidence] },
    );
  const [, program] =
    /exec: "?([^"\s:]+)"?: (?:executable file not found in \$PATH|stat \S+: no such file or directory)/.exec(message) ??
    [];
  if (program !== undefined) return finding("executable-not-found", { image, program }, context);
  if (!pulling.test(reason)) return undefined;
  const short = nameWithoutDomain(facts, image);
  if (short !== undefined)
    return finding(
      "image-without-domain",
      { image, found: short },
      { ...context, evidence: [`ctr images ls: ${short}`, ...context.evidence] },
    );
  const collected = collectedLines(facts, container.image);
  if (collected !== undefined && onBoard === undefined)
    return finding("image-collected", { image }, { ...context, evidence: [...collected, ...context.evidence] });
  return reason === "ErrImageNeverPull" ? finding("image-not-on-board", { image }, context) : undefined;
}

/** "exec format error" is in a container's log, where the program could not be started inside, or in what the runtime says. */
function formatError(
  facts: Facts,
  pod: Trouble["pod"],
  container: string,
  message: string,
): { readonly program: string; readonly line: string } | undefined {
  const logs = facts.podLogs.filter(({ container: path }) =>
    path.startsWith(`${pod.namespace}_${pod.name}_${pod.uid}/${container}/`),
  );
  const line = [...logs.map((log) => log.line).toReversed(), message].find((text) =>
    text.includes("exec format error"),
  );
  if (line === undefined) return undefined;
  const [, program = ""] = /exec:? "?([^"\s:]+)"?: exec format error/.exec(line) ?? [];
  return { program: program || "that it starts", line };
}

/** Lines that show that an image was there and that kubelet removes images; `undefined` where one of both is missing. */
function collectedLines(facts: Facts, image: string): string[] | undefined {
  const wasThere = facts.events?.findLast(
    ({ message, reason }) =>
      reason === "Pulled" && message.includes(`"${image}"`) && /present on machine|Successfully/.test(message),
  );
  const removed = Object.values(facts.journal)
    .flat()
    .findLast((line) => /image_gc_manager.*[Rr]emoving image/.test(line));
  return wasThere === undefined || removed === undefined ? undefined : [removed, wasThere.message];
}
