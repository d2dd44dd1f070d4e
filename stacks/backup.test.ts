import { describe, expect, it } from "vitest";
import { before, deploy, find, registered, withK3s } from "./mocked-engine";

describe("scheduled copies of the datastore", () => {
  it("are a script, a service and a timer, and the timer runs when they are there", async () => {
    await deploy(withK3s({ backup: { schedule: "*-*-* 03:30", directory: "/mnt/usb/k3s" } }));
    expect(find("k3s-backup-timer")?.inputs).toMatchObject({
      path: "/etc/systemd/system/k3s-board-backup.timer",
      content: expect.stringContaining("OnCalendar=*-*-* 03:30\n") as string,
    });
    expect(find("k3s-backup-schedule")?.inputs).toMatchObject({
      name: "k3s-board-backup",
      datastore: "/var/lib/rancher/k3s/server/db",
      directory: "/mnt/usb/k3s",
    });
    expect([...before("k3s-backup-schedule")]).toEqual(
      expect.arrayContaining(["k3s-backup-script", "k3s-backup-service", "k3s-backup-timer", "k3s-service"]),
    );
    expect(find("k3s-service")?.inputs).toMatchObject({
      datastoreCopies: {
        datastore: "/var/lib/rancher/k3s/server/db",
        backups: "/mnt/usb/k3s",
        version: "v1.36.3+k3s1",
      },
    });
  });

  it("are not there unless they are asked for", async () => {
    await deploy();
    expect(registered.filter(({ name }) => name.startsWith("k3s-backup"))).toEqual([]);
    expect(find("k3s-service")?.inputs.datastoreCopies).not.toHaveProperty("backups");
  });

  it.each([
    [{ "cluster-init": true }, /k3s\.backup: is for SQLite: with cluster-init k3s has an etcd/],
    [
      { "datastore-endpoint": "postgres://db" },
      /k3s\.backup: .* the one of datastore-endpoint is backed up where it is/,
    ],
  ])("are for SQLite only: %j", async (config, reason) => {
    await expect(deploy(withK3s({ config, backup: {} }))).rejects.toThrow(reason);
  });
});
