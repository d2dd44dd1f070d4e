import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Architecture } from "../../components/board/architecture";
import { downBoard, upBoard } from "../../emulator/board";
import { type Connection, connectionArgs } from "../../provider/ssh/connection-args";
import { terminalProgress } from "../../tools/progress";
import { startTestBoard } from "../provider/board";
import { onBoard } from "../stack/board-view";

/** A board that generated changes are made on. */
export interface PropertyBoard {
  readonly connection: Connection;
  /** A directory on this machine. */
  readonly scratch: string;
  /** Runs a script on the board and gives what it printed; a failure is an error. */
  sh(script: string): Promise<string>;
  /** Ends the board, and forgets it. */
  end(): Promise<void>;
}

/**
 * Starts a pristine board.
 *
 * @param architecture - an emulated board of that architecture. Defaults to a container with this machine's, which is quicker.
 */
export async function startPropertyBoard(name: string, architecture?: Architecture): Promise<PropertyBoard> {
  if (architecture === undefined) return containerBoard(name);
  await downBoard(name);
  const board = await upBoard({ name, architecture, k3s: false }, terminalProgress());
  const { host, port, user, identity, hostKeys } = board;
  const scratch = mkdtempSync(join(tmpdir(), "k3s-board-test-"));
  return {
    connection: connectionArgs.parse({ host, port, user, identity, hostKeys }),
    scratch,
    sh: (script) => onBoard(board, script),
    end: async () => {
      rmSync(scratch, { recursive: true });
      await downBoard(name);
    },
  };
}

/** A container, whose kernel's settings can be written after each boot as well. */
async function containerBoard(name: string): Promise<PropertyBoard> {
  const board = await startTestBoard(name);
  await board.sh(`cat >/etc/systemd/system/writable-sysctls.service <<'EOT'
[Unit]
DefaultDependencies=no
Before=systemd-sysctl.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/mount -o remount,rw /proc/sys
[Install]
WantedBy=sysinit.target
EOT
systemctl daemon-reload
systemctl enable -q --now writable-sysctls.service`);
  return board;
}
