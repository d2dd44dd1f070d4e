import * as pulumi from "@pulumi/pulumi";
import type { Progress } from "../tools/progress";

const heartbeatMilliseconds = 30_000;

/**
 * Progress of work that the program does itself (builds, downloads), shown by the engine beside a resource. A sign of life comes every 30 s.
 * Work that ends within half a second leaves no line.
 */
export function engineProgress(resource?: pulumi.Resource): Progress {
  const say = (text: string, ephemeral = false) => void pulumi.log.info(text, resource, undefined, ephemeral);
  return {
    async step(title, work) {
      const started = Date.now();
      const seconds = () => `${((Date.now() - started) / 1000).toFixed(1)} s`;
      let note = "";
      const heartbeat = setInterval(
        () => say(`${title}${note === "" ? "" : `: ${note}`} (${seconds()} so far)`),
        heartbeatMilliseconds,
      );
      try {
        const result = await work((text) => {
          note = text;
        });
        if (Date.now() - started > 500) say(`${title}: ${seconds()}`);
        return result;
      } finally {
        clearInterval(heartbeat);
      }
    },
  };
}
