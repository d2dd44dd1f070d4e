import { stateDirectory } from "../ssh/file-questions";
import { transactionDirectory } from "./unit-state";

/**
 * The unit that takes a change back at boot, before the service starts: the timer that would have done it does not outlive a power cut. It is
 * there as long as the transaction is; without one its condition does not hold. The roll-back asks for a restart of the service, which joins
 * the start that waits for this unit.
 *
 * @param data - directory of data that is taken back with it.
 */
export function bootUnit(name: string, data?: string): string {
  const script = `${transactionDirectory(name)}/rollback`;
  return `[Unit]
Description=Roll back the change of ${name}.service that was not confirmed before the boot
ConditionPathExists=${script}
RequiresMountsFor=${[stateDirectory, "/usr/local/bin", ...(data === undefined ? [] : [data])].join(" ")}
Before=${name}.service

[Service]
Type=oneshot
ExecStart=/bin/sh ${script} boot

[Install]
WantedBy=multi-user.target
`;
}
