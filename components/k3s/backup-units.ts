/** Name of the timer and of the service that it starts. */
export const backupUnit = "k3s-board-backup";

/** The program that the service runs. */
export const backupProgram = "/usr/local/lib/k3s-board/backup-datastore";

/** What the units of a scheduled backup are made from. */
export interface BackupUnitArgs {
  /** `OnCalendar` of systemd.time(7). */
  readonly schedule: string;
  /** Where the copies go; what is mounted there is waited for. */
  readonly directory: string;
}

/** The service: it gives way to k3s, and what it writes is root's only. */
export function backupService({ directory }: Pick<BackupUnitArgs, "directory">): string {
  return `[Unit]
Description=Copy of k3s's datastore
RequiresMountsFor=${directory}

[Service]
Type=oneshot
ExecStart=/bin/sh ${backupProgram}
UMask=0077
Nice=10
IOSchedulingClass=idle
TimeoutStartSec=1h
`;
}

/** The timer; a time that passed while the board was off is made up for. */
export function backupTimer({ schedule }: Pick<BackupUnitArgs, "schedule">): string {
  return `[Unit]
Description=Copies of k3s's datastore

[Timer]
OnCalendar=${schedule}
Persistent=true

[Install]
WantedBy=timers.target
`;
}
