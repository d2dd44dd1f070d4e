import { describe, expect, it } from "vitest";
import { Announcements, interruptionsIn } from "./announcements";

describe("Announcements", () => {
  const notes = ["k3s.service restarts: a changes", "/etc/a changes:\n+ b"];

  it("allow what the run itself told, of that resource only", () => {
    const announcements = new Announcements(undefined);
    announcements.tell("urn:a", notes);
    expect(announcements.allows("urn:a", "k3s.service")).toBe(true);
    expect(announcements.allows("urn:b", "k3s.service")).toBe(false);
    expect(announcements.allows("urn:a", "board")).toBe(false);
  });

  it("do not allow what was told after somebody had agreed to less", () => {
    const announcements = new Announcements(JSON.stringify({ "urn:a": ["board"] }));
    announcements.tell("urn:a", [...notes, "the board reboots: an update asks for it"]);
    expect(announcements.allows("urn:a", "k3s.service")).toBe(false);
    expect(announcements.allows("urn:a", "board")).toBe(true);
  });
});

it("finds what is interrupted, or may be", () => {
  expect(
    interruptionsIn([
      "a.service may restart: what it reads is known after other resources are updated",
      "b.service stops",
      "c.service starts: it is not running",
      "d.service is enabled: it starts at boot",
      "the board reboots: an update asks for it",
    ]),
  ).toEqual(["a.service", "b.service", "c.service", "board"]);
});
