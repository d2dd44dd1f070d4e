import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { packageMirrorsConfig } from "../../components/board/packages/config";
import { mirrorFiles } from "../../components/board/packages/files";
import { findPort } from "../../emulator/ports";
import { setting } from "../../provider/board/setting";
import { getFactsFunction } from "../../provider/facts/get-facts";
import { file } from "../../provider/files/file";
import { distributionPackage } from "../../provider/packages/package";
import { checked, failure, furtherPackages, startTestBoard, type TestBoard } from "./board";

let test: TestBoard;
let key: string;
let mirror: string;
beforeAll(async () => {
  test = await startTestBoard("provider-packages", [], furtherPackages);
  // boards in containers share this machine's ports
  const port = await findPort("mirror of provider-packages");
  mirror = `http://127.0.0.1:${port}/`;
  await test.sh(`export GNUPGHOME=/root/gnupg; mkdir -m 0700 $GNUPGHOME
gpg --batch -q --passphrase '' --quick-gen-key demo rsa2048 sign never
mkdir -p /srv/repo; gpg --armor --export demo >/srv/key.asc
(cd /srv/repo && setsid python3 -m http.server -b 127.0.0.1 ${port} >/dev/null 2>&1 &)
until curl -sf ${mirror} >/dev/null; do sleep 0.1; done`);
  key = await test.sh("cat /srv/key.asc");
}, 1_200_000);
afterAll(() => test.end());
beforeEach(() => {
  test.said.length = 0;
});

const kept = () => test.sh("ls -A /var/lib/k3s-board 2>/dev/null; true");
const installed = () => test.sh("cat /usr/share/demo 2>/dev/null; true");
const wanted = (version?: string, name = "demo") =>
  checked(distributionPackage, { connection: test.connection, name, ...(version === undefined ? {} : { version }) });

/** Writes the files of a mirror, and gives what takes them away. */
async function mirrored(entry: object): Promise<() => Promise<void>> {
  const { lan } = packageMirrorsConfig.parse({ lan: { key: { text: key }, url: mirror, ...entry } });
  if (lan === undefined) throw new Error("it is gone");
  const made: Awaited<ReturnType<typeof file.create>>[] = [];
  for (const { path, from } of mirrorFiles("lan", lan)) {
    const inputs = await checked(file, { connection: test.connection, path, ...from });
    made.push(await file.create(test.context, inputs));
  }
  return async () => {
    for (const { id, state } of made.reverse()) await file.delete(test.context, id, state);
  };
}

/**
 * A package's life: a pinned version, drift, another version, an older one, gone. Versions as the package manager writes them.
 *
 * @param epoch - what they have in front, once installed.
 */
async function life([first, second]: readonly [string, string], epoch = "") {
  const inputs = await wanted(first);
  const announced = () => distributionPackage.announce?.(test.context, inputs, () => false);
  expect(await announced()).toEqual([`package demo is installed in version ${first}`]);
  const { id, state } = await distributionPackage.create(test.context, inputs);
  expect(state).toMatchObject({ installedVersion: epoch + first, installedByUs: true });
  expect(await installed()).toBe(first);
  expect(await announced()).toEqual([]);

  const upgrade = await wanted(second);
  expect(await distributionPackage.diff(state, upgrade, () => false)).toMatchObject({
    changed: ["version"],
    notes: [`package demo goes from ${epoch}${first} to ${second}`],
  });
  const newer = await distributionPackage.update(test.context, id, state, upgrade);
  expect([await installed(), newer.installedVersion]).toEqual([second, epoch + second]);
  const found = await distributionPackage.read(test.context, id, newer);
  expect(found?.inputs).toEqual(upgrade);
  const older = await distributionPackage.update(test.context, id, newer, inputs);
  expect(await installed()).toBe(first);

  await test.sh("if command -v apt-get; then dpkg --purge demo; else rpm -e demo; fi");
  const removed = await distributionPackage.read(test.context, id, older);
  expect(await distributionPackage.diff(removed?.state ?? older, inputs, () => false)).toMatchObject({
    changed: ["version"],
    notes: [`package demo is installed in version ${first}`],
  });
  await distributionPackage.update(test.context, id, removed?.state ?? older, inputs);
  // a create that was killed: all that is known are its inputs
  const begun = await distributionPackage.read(test.context, id, inputs as typeof older);
  expect(begun?.state).toMatchObject({ installedVersion: epoch + first, installedByUs: true });

  expect(distributionPackage.removal?.(begun?.state ?? older)).toEqual(["package demo is removed"]);
  await distributionPackage.delete(test.context, id, begun?.state ?? older);
  expect(await installed()).toBe("");
  expect(await distributionPackage.read(test.context, id, older)).toBeUndefined();
  expect(await failure(distributionPackage.create(test.context, await wanted("9-9")))).toMatch(
    /installing package demo failed: /,
  );
}

describe("apt", () => {
  it("installs a pinned version from a mirror whose key is known, and leaves nothing behind", async () => {
    await test.sh(`cd /srv/repo; : >Packages
for version in 1.0-1 2.0-1; do
  d=/root/deb-$version; mkdir -p $d/DEBIAN $d/usr/share; echo $version >$d/usr/share/demo
  printf 'Package: demo\\nVersion: %s\\nArchitecture: all\\nMaintainer: demo <demo@example.org>\\nDescription: demo\\n' $version >$d/DEBIAN/control
  dpkg-deb -b $d demo-$version.deb >/dev/null
  { cat $d/DEBIAN/control; printf 'Filename: demo-%s.deb\\nSize: %s\\nSHA256: %s\\n\\n' $version $(stat -c %s demo-$version.deb) $(sha256sum <demo-$version.deb | cut -d' ' -f1); } >>Packages
done
printf 'Suite: ./\\nSHA256:\\n %s %s Packages\\n' $(sha256sum <Packages | cut -d' ' -f1) $(stat -c %s Packages) >Release
GNUPGHOME=/root/gnupg gpg --batch -q --clearsign -o InRelease Release
mv /etc/apt/sources.list /root/sources.list; for f in /etc/apt/sources.list.d/*; do [ ! -e $f ] || mv $f /root/; done`);
    const before = await test.sh("find /etc/apt -type f | sort");
    const remove = await mirrored({ kind: "apt", suites: ["./"] });
    await life(["1.0-1", "2.0-1"]);
    await remove();
    expect(await test.sh("find /etc/apt -type f | sort")).toBe(before);
    expect(await kept()).toBe("");
  });
});

describe("dnf", () => {
  it("is found where there is no apt", async () => {
    await test.sh("mkdir /root/debian; mv /usr/bin/apt-get /usr/bin/dpkg-query /root/debian; rm -rf /srv/repo/*");
    const facts = await getFactsFunction.call(test.context, { connection: test.connection });
    expect(facts.packageManager).toBe("dnf");
  });

  it("installs a pinned version of a package that is signed, and leaves nothing behind", async () => {
    await test.sh(`cat >/root/demo.spec <<'SPEC'
Name: %{package}
Version: %{number}
Release: 1
Epoch: 3
Summary: demo
License: none
BuildArch: noarch
%description
demo
%install
mkdir -p %{buildroot}/usr/share; echo %{number}-1 >%{buildroot}/usr/share/%{package}
%files
/usr/share/%{package}
SPEC
export GNUPGHOME=/root/gnupg
for number in 1.0 2.0; do rpmbuild -bb --quiet --define "package demo" --define "number $number" --define '_topdir /root/rpm' /root/demo.spec; done
rpmsign --define '_gpg_name demo' --addsign /root/rpm/RPMS/noarch/*.rpm >/dev/null
rpmbuild -bb --quiet --define 'package unsigned' --define 'number 1.0' --define '_topdir /root/rpm' /root/demo.spec
cp /root/rpm/RPMS/noarch/*.rpm /srv/repo; createrepo_c -q /srv/repo`);
    const before = await test.sh("ls -A /etc/yum.repos.d /etc/pki/rpm-gpg 2>/dev/null; true");
    const remove = await mirrored({ kind: "dnf" });
    expect(await failure(distributionPackage.create(test.context, await wanted(undefined, "unsigned")))).toMatch(
      /installing package unsigned failed: .*(not signed|GPG check FAILED)/i,
    );
    expect(await test.sh("rpm -q unsigned; true")).toBe("package unsigned is not installed");
    await life(["1.0-1", "2.0-1"], "3:");
    await remove();
    expect(await test.sh("ls -A /etc/yum.repos.d /etc/pki/rpm-gpg 2>/dev/null; true")).toBe(before);
    expect(await kept()).toBe("");
  });

  it("is told of a proxy and of none", async () => {
    const before = await test.sh("cat /etc/dnf/dnf.conf");
    const inputs = await checked(setting, {
      connection: test.connection,
      kind: "dnfProxy",
      values: { proxy: "http://proxy.lan:3128" },
    });
    const { state } = await setting.create(test.context, inputs);
    expect(
      await test.sh("dnf config-manager --dump 2>/dev/null | grep '^proxy =' || grep ^proxy /etc/dnf/dnf.conf"),
    ).toMatch(/^proxy ?= ?http:\/\/proxy.lan:3128/m);
    await setting.delete(test.context, "dnfProxy", state);
    expect(await test.sh("cat /etc/dnf/dnf.conf")).toBe(before);
  });
});
