/** Results in their editor: sorted, compared, clicked through, copied, read as text; and files that cannot be shown. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FrameLocator } from "playwright-core";
import { expect, it } from "vitest";
import { violations } from "../support/axe.ts";
import { fillWithResults, resultsPath } from "../support/results-folder.ts";
import { inSession, type SessionOptions } from "../support/session.ts";
import type { Workbench } from "../support/workbench.ts";

const patience = { timeout: 60_000 };
const prepared: Pick<SessionOptions, "config" | "classes" | "fill"> = {
  config: null,
  classes: [],
  fill: fillWithResults,
};

it("results are sorted, compared, clicked through and copied", () =>
  inSession({ journey: "results", ...prepared }, async ({ open, shot }) => {
    const workbench = await open();
    await workbench.command("LoFT: Open Results");
    const page = await workbench.webview("loft-results-table");
    await shot(workbench, "1-table", () => accessible(page));

    await sortByAccuracy(page);
    await referTo(page, /zero-shot/);
    await shot(workbench, "2-sorted-and-compared");

    await page.getByRole("tab", { name: "Confusion" }).click();
    await page.getByRole("gridcell", { name: /^car taken for cat:/ }).click();
    const pictures = page.locator("loft-judged-pictures img");
    await expect.poll(() => allDrawn(pictures), patience).toBe(true);
    await shot(workbench, "3-confusion", () => accessible(page));

    await page.getByRole("tab", { name: "Sets" }).click();
    const sets = page.locator("loft-class-sets img");
    // Pictures below the edge are loaded when they come into sight.
    await sets.last().scrollIntoViewIfNeeded();
    await expect.poll(() => allDrawn(sets), patience).toBe(true);
    await shot(workbench, "4-sets", () => accessible(page));

    await page.getByRole("tab", { name: "Table" }).click();
    await page.getByRole("button", { name: "Markdown" }).click();
    await expect.poll(() => clipboard(workbench), patience).toMatch(/^\| *Row/);
    expect(await clipboard(workbench)).toContain("LoFT + real");
    expect(workbench.refused).toEqual([]);
  }));

it("a picture of a confusion opens in an editor of its own, and the file behind the table as text", () =>
  inSession({ journey: "results-opened", ...prepared }, async ({ open, shot }) => {
    const workbench = await open();
    await workbench.quickOpen("results.loft-results.json");
    const page = await workbench.webview("loft-results-table");
    await page.getByRole("tab", { name: "Confusion" }).click();
    await page.getByRole("gridcell", { name: /^cat taken for cat, right/ }).click();
    await page
      .getByRole("button", { name: /^Open cat\// })
      .first()
      .click();
    await workbench.page.locator(".tab", { hasText: /\.png/ }).first().waitFor();
    await workbench.page.locator(".tab", { hasText: "results.loft-results.json" }).first().click();
    await workbench.webview("loft-results");
    await workbench.command("LoFT: Show Results as Text");
    await workbench.word('"formatVersion"').waitFor();
    await shot(workbench, "text");
    await workbench.command("LoFT: Open Results");
    await workbench.webview("loft-results-table");
  }));

it("a file that is cut off or newer is told in words, and shown once it is whole, live", () =>
  inSession({ journey: "results-damaged", ...prepared }, async ({ folder, open, shot }) => {
    const file = join(folder.workspace, resultsPath);
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.slice(0, 2_000));
    const workbench = await open();
    await workbench.command("LoFT: Open Results");
    const page = await workbench.webview("loft-results");
    const alert = page.getByRole("alert");
    await alert.filter({ hasText: "cut off or edited" }).waitFor(patience);
    await shot(workbench, "1-cut-off", () => accessible(page));
    writeFileSync(file, JSON.stringify({ ...JSON.parse(text), formatVersion: 99 }));
    await alert.filter({ hasText: "Update the LoFT extension" }).waitFor(patience);
    await shot(workbench, "2-newer");
    writeFileSync(file, JSON.stringify({ ...JSON.parse(text), name: "boots" }));
    await page.getByRole("heading", { level: 1, name: "boots" }).waitFor(patience);
    await expect.poll(() => alert.count(), patience).toBe(0);
    expect(await page.getByRole("table").count()).toBe(1);
  }));

async function accessible(page: FrameLocator): Promise<void> {
  expect(await violations(page)).toEqual([]);
}

/** The best row comes first, and the head says so. */
async function sortByAccuracy(page: FrameLocator): Promise<void> {
  await page.getByRole("button", { name: "Accuracy", exact: true }).click();
  await page
    .getByRole("columnheader", { name: /^Accuracy/ })
    .and(page.locator("[aria-sort=descending]"))
    .waitFor();
  const means = await page.locator("td.value .mean").allInnerTexts();
  const numbers = means.map((text) => Number.parseFloat(text)).filter((number) => !Number.isNaN(number));
  expect(numbers.length).toBeGreaterThan(10);
}

/** Intervals to another row than the file's are computed from the predictions. */
async function referTo(page: FrameLocator, row: RegExp): Promise<void> {
  await page.getByRole("combobox", { name: "Row that differences are measured from" }).click();
  await page.getByRole("option", { name: row }).first().click();
  await page.getByText("computed here").waitFor();
  await expect.poll(() => page.getByText("computing…").count(), patience).toBe(0);
  expect(await page.locator("td.difference .low").count()).toBeGreaterThan(10);
}

/** There are some, and none was kept out by the page's content security policy. */
async function allDrawn(images: ReturnType<FrameLocator["locator"]>): Promise<boolean> {
  return await images.evaluateAll(
    (all) => 0 < all.length && all.every((image) => "naturalWidth" in image && image.naturalWidth !== 0),
  );
}

async function clipboard({ page }: Workbench): Promise<string> {
  return await page.evaluate<string>("navigator.clipboard.readText()");
}
