import { describe, expect, it } from "vitest";
import { debianLocaleFile, editLocale, locale, localeFile, parseLocale } from "./locale";

describe("a locale's file", () => {
  it.each([
    ["LANG=C.UTF-8\n", "C.UTF-8"],
    ['#LANG=a\nLANG="en_US.UTF-8"\nLC_ALL=C\n', "en_US.UTF-8"],
    ["LC_ALL=C\n", undefined],
  ])("%j is read", (text, value) => {
    expect(parseLocale(text)).toBe(value);
  });

  it.each([
    ["", "LANG=C.UTF-8\n"],
    ["LANG=a\nLC_TIME=b", "LC_TIME=b\nLANG=C.UTF-8\n"],
  ])("%j becomes %j", (text, edited) => {
    expect(editLocale(text, "C.UTF-8")).toBe(edited);
  });
});

it.each([
  ["a board with systemd's file", { [localeFile]: "LANG=C\n" }, "C.utf8", localeFile],
  ["a board without any", {}, "C.utf8", localeFile],
  ["a Debian 12 without any", {}, "C.utf8\ndebian", debianLocaleFile],
  ["a Debian 12", { [debianLocaleFile]: "LANG=C\n" }, "C.utf8", debianLocaleFile],
])("%s gets it where it reads it", (_title, there, output, path) => {
  const files = { [localeFile]: null, [debianLocaleFile]: null, ...there };
  const seen = { files, originals: files, output, before: {}, unfinished: false };
  expect(locale.refusal?.({ LANG: "C.UTF-8" }, seen)).toBeUndefined();
  expect(locale.edit({ LANG: "C.UTF-8" }, {}, seen)).toEqual({ [path]: "LANG=C.UTF-8\n" });
});
