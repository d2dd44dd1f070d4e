import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { diagnose } from "../../doctor/diagnose";
import type { Facts } from "../../doctor/facts";
import { captured, healthy } from "../../doctor/fixtures/healthy";
import { doctorPage } from "../../doctor/page/page";
import { ensureCommands } from "../../tools/host-packages";
import { terminalProgress } from "../../tools/progress";

const need = { command: "chromium", debianPackage: "chromium", why: "opens the doctor's page as a person would" };
const captures = ["container-image-manifest-lies-and-path", "pause-image-wrong-architecture", "no-pause-image"];
const widths = { desktop: 1280, phone: 390, "small phone": 320 };

let browser: Browser;
let directory: string;

/** A page that was opened, with what it asked for and what the browser complained of. */
interface Opened {
  readonly page: Page;
  readonly asked: string[];
  readonly said: string[];
}

async function open(
  facts: Facts,
  { width = 1280, colorScheme = "light" }: { readonly width?: number; readonly colorScheme?: "light" | "dark" } = {},
  look: (opened: Opened) => Promise<void>,
): Promise<void> {
  const file = join(directory, "page.html");
  writeFileSync(file, doctorPage(facts, diagnose(facts)));
  const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme, offline: true });
  try {
    const page = await context.newPage();
    const opened: Opened = { page, asked: [], said: [] };
    page.on("request", (request) => opened.asked.push(request.url()));
    page.on("console", (message) => opened.said.push(message.text()));
    page.on("dialog", (dialog) => {
      opened.said.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.goto(pathToFileURL(file).href);
    await look(opened);
  } finally {
    await context.close();
  }
}

/** Contrast of text with what is behind it (WCAG 2.1), the worst of all texts of a page, with the text. Runs in the browser. */
const worstContrast = `(() => {
  const luminance = (rgb) => rgb.slice(0, 3).map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const colour = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const found = colour(getComputedStyle(at).backgroundColor);
      if (found.length === 3 || found[3] === 1) return found;
    }
    return [255, 255, 255];
  };
  let worst = { ratio: 21, text: "" };
  for (const element of document.querySelectorAll("main *")) {
    const text = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join("");
    if (text === "" || element.getClientRects().length === 0) continue;
    const [a, b] = [colour(getComputedStyle(element).color), behind(element)].map(luminance);
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < worst.ratio) worst = { ratio, text };
  }
  return worst;
})()`;

beforeAll(async () => {
  const commands = await ensureCommands([need], terminalProgress());
  directory = mkdtempSync(join(tmpdir(), "k3s-board-page-"));
  browser = await chromium.launch({
    executablePath: commands.get(need.command),
    args: [
      // a container or a test as root has no sandbox of the browser's own
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}, 900_000);
afterAll(async () => {
  await browser?.close();
  if (directory) rmSync(directory, { recursive: true });
});

describe("the doctor's page in Chromium", () => {
  it.each(captures)("%s: asks for nothing but itself, and the browser has nothing to complain of", (name) =>
    open(captured(name), {}, async ({ page, asked, said }) => {
      expect(asked).toHaveLength(1);
      expect(said).toEqual([]);
      // the style sheet counts: a policy that forbids it would leave the browser's own
      expect(await page.evaluate("getComputedStyle(document.querySelector('.verdict')).display")).toBe("flex");
    }),
  );

  it.each(Object.entries(widths))("fits the width of a %s (%i px): nothing sticks out", (_name, width) =>
    open(captured(captures[0]!), { width }, async ({ page }) => {
      await page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })");
      const wide = await page.evaluate(
        `[...document.querySelectorAll("main *:not(thead *)")].filter((one) => one.getBoundingClientRect().right > ${width} + 0.5).map((one) => one.outerHTML.slice(0, 80))`,
      );
      expect(wide).toEqual([]);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
    }),
  );

  it("a phone has the pods as cards with a name for each view, a desktop as a table with headings", async () => {
    const heading = async (page: Page) =>
      page.evaluate<string>(`getComputedStyle(document.querySelector('td[data-label="kubectl"]'), "::before").content`);
    await open(captured(captures[0]!), { width: 390 }, async ({ page }) => {
      expect(await heading(page)).toBe('"kubectl"');
      expect(await page.evaluate("getComputedStyle(document.querySelector('tbody tr')).display")).toBe("block");
    });
    await open(captured(captures[0]!), {}, async ({ page }) => {
      expect(await heading(page)).toBe("none");
      expect(await page.getByRole("columnheader", { name: "Sandbox (crictl)" }).isVisible()).toBe(true);
    });
  });

  it.each(["light", "dark"] as const)("can be read: contrast of all texts in %s", (colorScheme) =>
    open(captured(captures[0]!), { colorScheme }, async ({ page }) => {
      const { ratio, text } = await page.evaluate<{ ratio: number; text: string }>(worstContrast);
      expect(ratio, text).toBeGreaterThan(4.5);
      const background = await page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
      const bright = Number(/\d+/.exec(background)?.[0]) > 128;
      expect(bright).toBe(colorScheme === "light");
    }),
  );

  it("shows the root first, with what hangs on it, and images with architecture badges", () =>
    open(captured("pause-image-wrong-architecture"), {}, async ({ page }) => {
      const first = page.locator("[data-finding]").first();
      expect(await first.getAttribute("data-finding")).toBe("pause-wrong-architecture");
      expect(await first.locator(".hangs li").count()).toBe(3);
      const row = page.getByRole("row", { name: "docker.io/rancher/mirrored-pause:3.10.2" });
      expect(await row.locator(".badge.error").innerText()).toBe("✕ amd64");
      expect(await page.locator('[data-area="images"].error').isVisible()).toBe(true);
    }));

  it("runs nothing of what a board says", () => {
    const evil = `<img src=x onerror="alert(1)"></title></style><script>alert(2)</script>"onmouseover="alert(3)`;
    const facts = captured(captures[0]!);
    const pods = facts.pods?.map((pod) => ({ ...pod, name: `${pod.name}${evil}`, owner: evil }));
    const host = facts.host && { ...facts.host, hostname: evil, os: evil };
    const units = facts.units?.map((unit) => ({ ...unit, name: `${unit.name}${evil}` }));
    return open({ ...facts, pods, units, ...(host && { host }), board: evil }, {}, async ({ page, asked, said }) => {
      expect(await page.locator("script, img, [onerror], [onmouseover]").count()).toBe(0);
      expect(await page.locator("h1").innerText()).toBe(evil);
      expect(asked).toHaveLength(1);
      expect(said).toEqual([]);
    });
  });

  it("a healthy board looks healthy", () =>
    open(healthy(), { width: 390 }, async ({ page }) => {
      expect(await page.locator(".verdict").innerText()).toContain("Nothing is wrong");
      expect(await page.locator(".error, .warning, [data-finding]").count()).toBe(0);
    }));
});
