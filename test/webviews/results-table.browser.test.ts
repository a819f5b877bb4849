/** The table of the results page in a real browser: sorted, filtered, compared, copied. As results.browser.test.ts. */
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { findBrowser } from "./support/browser.ts";
import { fakeResults } from "./support/fake-results.ts";
import { choose, hiddenWidth, openTab, raggedWidths, shoot, tidied } from "./support/inspect.ts";
import { openResults } from "./support/open-results.ts";

// Where there is none, results.browser.test.ts says so.
const program = findBrowser();

const patience = { timeout: 90_000 };

describe.skipIf(program === undefined)("the table of the results page", { timeout: 300_000 }, () => {
  const table = fakeResults({ shots: [4], images: [50], validation: true });
  const many = fakeResults({ shots: [1, 4, 16], images: [10, 50, 250], validation: true });
  const open = openResults(program);
  const titles = (page: Page) => page.locator("loft-results-table th .name").allTextContents().then(tidied);
  const count = (page: Page) => titles(page).then(({ length }) => length);

  it("is sorted by any column, and back", async () => {
    const { page } = await open(table);
    await expect.poll(() => count(page), patience).toBe(12);
    const before = await titles(page);
    await page.getByRole("button", { name: "Accuracy", exact: true }).click();
    const head = page.getByRole("columnheader", { name: "Accuracy" });
    await expect.poll(() => head.getAttribute("aria-sort"), patience).toBe("descending");
    await expect.poll(() => titles(page).then((all) => all[0]), patience).toBe("LoFT + real");
    await page.getByRole("button", { name: "Accuracy", exact: true }).click();
    await expect.poll(() => head.getAttribute("aria-sort"), patience).toBe("ascending");
    await expect.poll(() => titles(page).then((all) => all.at(-1)), patience).toBe("LoFT + real");
    await page.getByRole("button", { name: "Accuracy", exact: true }).click();
    await expect.poll(() => head.getAttribute("aria-sort"), patience).toBe("none");
    await expect.poll(() => titles(page), patience).toEqual(before);
  });

  it("hides rows and shows them again, from the keyboard too", async () => {
    const { page, keptState } = await open(table);
    const row = page.getByRole("row", { name: /^LoFT \+ real/ });
    await row.hover();
    await row.getByTitle("Hide LoFT + real, 4 shots, 50 images per class").click();
    await page.getByText("Rows: 11 of 12 shown").waitFor();
    await expect.poll(async () => (await keptState())?.hidden, patience).toEqual(["real+loft-s4-n50"]);
    // The best of what is left.
    await page.getByRole("cell", { name: /^88\.9 ± 4\.3\s?, best$/ }).waitFor();
    await page.getByText("Rows: 11 of 12 shown").focus();
    await page.keyboard.press("Enter");
    await page.getByRole("checkbox", { name: "CLIP zero-shot" }).focus();
    await page.keyboard.press("Space");
    await page.getByText("Rows: 10 of 12 shown").waitFor();
    await page.getByRole("button", { name: "Show All" }).click();
    await page.getByText("Rows: 12 of 12 shown").waitFor();
    await expect.poll(() => titles(page), patience).toContain("LoFT + real");
  });

  it("is filtered by shots and images", async () => {
    const { page } = await open(many);
    await expect.poll(() => count(page), patience).toBe(94);
    await choose(page, "Real photos per class", "4 shots");
    await choose(page, "Synthetic images per class", "50 images per class");
    await expect.poll(() => count(page), patience).toBe(12);
    await shoot(page, "results-filtered");
  });

  it("measures from another row, with intervals of its own", async () => {
    const host = await open(table);
    const { page } = host;
    expect(host.asked("hits")).toEqual([]);
    await choose(page, "Row that differences are measured from", "Against LoFT, 4 shots, 50 images per class");
    await page.getByText(/^Differences are to LoFT, 4 shots, 50 images per class, .* computed here/).waitFor();
    await expect.poll(() => page.getByText("computing…").count(), patience).toBe(0);
    expect(host.asked("hits").length).toBe(1);
    const real = page.getByRole("row", { name: /^Real photos only/ });
    await expect
      .poll(() => real.getByRole("cell").nth(3).textContent(), patience)
      .toMatch(/−5\.6\s*\[−1\d\.\d,\s*−0\.\d\]/);
    await expect.poll(async () => (await host.keptState())?.reference, patience).toBe("loft-s4-n50");
    await shoot(page, "results-reference");
    // Back to the row of the file, from the row itself.
    await real.hover();
    await real.getByTitle("Measure differences from Real photos only, 4 shots").click();
    await page.getByText(/^Differences are to Real photos only, 4 shots, .* test pictures\. Bold/).waitFor();
  });

  it("keeps several classifiers apart", async () => {
    const host = await open(fakeResults({ shots: [1, 4], images: [50], seeds: 2, classifiers: ["clip", "resnet"] }));
    const { page } = host;
    await page.getByText(/^Differences are to the reference row of the same classifier, .* Bold/).waitFor();
    await expect.poll(() => count(page), patience).toBe(46);
    await choose(page, "Classifier", "resnet");
    await expect.poll(() => count(page), patience).toBe(23);
    await expect
      .poll(() => titles(page).then((all) => all.every((title) => title.startsWith("resnet: "))), patience)
      .toBe(true);
    await expect.poll(() => page.getByRole("cell", { name: "reference" }).count(), patience).toBe(1);
    await choose(page, "Row that differences are measured from", "Against clip: CLIP zero-shot");
    await page.getByText(/^Differences are to clip: CLIP zero-shot, .* computed here/).waitFor();
    await choose(page, "Row that differences are measured from", "Against each row's own reference");
    await page.getByText(/^Differences are to the reference row of the same classifier/).waitFor();
    const header = page.locator("loft-results-header");
    await header.getByText(/^Classifier resnet, 200 steps/).waitFor();
    const shares = "Of real + synthetic: 25 % of a batch and 20 % of the loss are synthetic";
    expect(await header.getByText(shares, { exact: true }).count()).toBe(1);
    await openTab(page, "Scaling");
    await expect.poll(() => page.locator(".legend li").first().textContent(), patience).toContain("CLIP zero-shot");
    await choose(page, "Classifier", "clip");
    await expect.poll(async () => (await host.keptState())?.classifier, patience).toBe("clip");
    await shoot(page, "results-classifiers");
  });

  it("fits beside the side bar and beside a configuration, in a window of 1280 px", async () => {
    const classifiers = ["loft-mini-clip", "resnet"];
    const { page } = await open(fakeResults({ shots: [4], images: [50], seeds: 2, classifiers }));
    for (const width of [920, 460]) {
      await page.setViewportSize({ width, height: 760 });
      await shoot(page, `results-${width}`);
      expect(await hiddenWidth(page, "loft-results-table .scroll"), `${width} px`).toBe(0);
    }
    expect(await raggedWidths(page, "loft-results-header")).toEqual([]);
  });

  it("says what it is when the answers are not to be had", async () => {
    const error = { code: "predictions-missing", what: "predictions.jsonl is gone.", fix: "Evaluate again." };
    const { page } = await open(table, {
      answer: (request) => (request.name === "hits" ? { type: "failure", id: request.id, error } : undefined),
    });
    await choose(page, "Row that differences are measured from", "Against CLIP zero-shot");
    await page.getByText("This is the spread of trainings, not an interval.").waitFor();
    await page.getByRole("columnheader", { name: "Difference ± std" }).waitFor();
    await page.getByText("cannot be read").waitFor();
  });

  it("shows validation pictures, and says that they flatter", async () => {
    const { page } = await open(table);
    await choose(page, "Split", "Validation pictures");
    await page.getByText("Validation pictures chose the training step").waitFor();
    await choose(page, "Metric", "Calibration error");
    await page.getByRole("columnheader", { name: "ECE" }).waitFor();
    await page.getByText("ECE: less is better.").waitFor();
  });

  it("is copied as Markdown, CSV and LaTeX", async () => {
    const host = await open(table);
    for (const [name, format, part] of [
      ["Markdown", "markdown", "| LoFT + real | 4 | 50 | **95.6 ± 1.3** |"],
      ["CSV", "csv", "\nLoFT + real,4,50,0.95"],
      ["LaTeX", "latex", "LoFT + real & 4 & 50 & \\textbf{95.6 $\\pm$ 1.3}"],
    ] as const) {
      await host.page.getByRole("button", { name }).click();
      await host.page.getByRole("status").getByText(`The table is in the clipboard as ${name}.`).waitFor();
      const request = host.asked("copy").at(-1);
      expect(request?.params.format).toBe(format);
      expect(request?.params.text).toContain(part);
    }
  });
});
