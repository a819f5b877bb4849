/**
 * The results page in a real browser, with a host that plays the extension, under the content security policy that the
 * extension sets, in VS Code's themes. LOFT_PICTURES=1 keeps screenshots in artefacts/ beside this file (not in git).
 */
import { describe, expect, it } from "vitest";
import { findBrowser, noBrowser } from "./support/browser.ts";
import { fakeAverage, fakeResults } from "./support/fake-results.ts";
import {
  choose,
  colorViolations,
  focusedLabel,
  hiddenWidth,
  layoutViolations,
  openTab,
  overflowing,
  shoot,
  violations,
} from "./support/inspect.ts";
import { openResults } from "./support/open-results.ts";
import { type Theme, themes } from "./support/themes.ts";

const dark = themes[0] as Theme;
const program = findBrowser();

describe.runIf(program === undefined)("a browser", () => {
  it("is needed for the tests of the results page", (context) => {
    if (process.env.CI === "true") throw new Error(noBrowser);
    process.stderr.write(`${noBrowser}\n`);
    context.skip(noBrowser);
  });
});

const patience = { timeout: 90_000 };
/** Of a view, in px. */
const narrowest = 200;

/** Runs in the page: how many sets stand in each row. */
const lengthsOfRows = `(() => {
  const sets = document.querySelector("loft-results").shadowRoot.querySelector("loft-class-sets").shadowRoot;
  const rows = new Map();
  for (const section of sets.querySelectorAll("section")) {
    const top = Math.round(section.getBoundingClientRect().top);
    rows.set(top, 1 + (rows.get(top) ?? 0));
  }
  return [...rows.values()];
})()`;

describe.skipIf(program === undefined)("the results page", { timeout: 300_000 }, () => {
  const table = fakeResults({ shots: [4], images: [50], validation: true });
  const some = fakeResults({ shots: [1, 4], images: [10, 50] });
  const live = fakeResults({ shots: [4], images: [50], partial: true });
  const open = openResults(program);

  describe.each(themes)("in the theme $name", (theme) => {
    // What is not color is the same in all of them.
    const found = theme === dark ? violations : colorViolations;

    it("looks right and has no accessibility violation on any tab", async () => {
      const { page, complaints } = await open(table, { theme });
      await page.getByRole("table").waitFor();
      await shoot(page, `results-${theme.name}-table`);
      expect(await found(page)).toEqual([]);
      await choose(page, "Metric", "Accuracy by class");
      await shoot(page, `results-${theme.name}-classes`);
      expect(await found(page)).toEqual([]);
      await choose(page, "Metric", "Quality of the sets");
      await shoot(page, `results-${theme.name}-quality`);
      expect(await found(page)).toEqual([]);

      await openTab(page, "Confusion");
      await page.getByRole("gridcell", { name: /^cat taken for flower:/ }).click();
      await page.locator("loft-judged-pictures img").first().waitFor();
      await shoot(page, `results-${theme.name}-confusion`);
      expect(await found(page)).toEqual([]);

      await openTab(page, "Sets");
      await page.locator("loft-class-sets img").first().waitFor();
      await shoot(page, `results-${theme.name}-sets`);
      expect(await found(page)).toEqual([]);
      expect(complaints).toEqual([]);
    });

    it("draws the scaling plots", async () => {
      const { page, complaints } = await open(some, { theme });
      await openTab(page, "Scaling");
      await expect.poll(() => page.locator("loft-scaling-chart canvas").count(), patience).toBe(2);
      await shoot(page, `results-${theme.name}-scaling`);
      expect(await found(page)).toEqual([]);
      expect(complaints).toEqual([]);
    });

    it("shows an evaluation that goes on", async () => {
      const first = {
        type: "results",
        results: live.results,
        live: { text: "Training classifiers, 23 of 34", share: 0.68 },
      } as const;
      const { page } = await open(live, { theme, first });
      await page.getByText("Training classifiers, 23 of 34").first().waitFor();
      await shoot(page, `results-${theme.name}-live`);
      expect(await found(page)).toEqual([]);
    });
  });

  describe("the confusion matrix", () => {
    it("is walked by keys, and leads to the pictures", async () => {
      const host = await open(table);
      const { page } = host;
      await page.getByRole("tab", { name: "Confusion" }).click();
      await page.getByRole("gridcell", { name: /^bird taken for bird/ }).focus();
      const press = async (key: string, label: RegExp) => {
        await page.keyboard.press(key);
        await expect.poll(() => page.evaluate(focusedLabel), patience).toMatch(label);
      };
      await press("ArrowRight", /^bird taken for car:/);
      await press("ArrowDown", /^car taken for car, right:/);
      await press("End", /^car taken for train:/);
      await press("Control+End", /^train taken for train, right:/);
      await press("ArrowRight", /^train taken for train, right:/);
      await press("Home", /^train taken for bird:/);
      await press("Control+Home", /^bird taken for bird, right:/);
      await press("Enter", /^bird taken for bird, right:/);
      await expect
        .poll(() => host.asked("pictures")[0]?.params, patience)
        .toEqual({
          row: "real+loft-s4-n50",
          label: 0,
          predicted: 0,
          offset: 0,
          count: 24,
        });
      await page.getByRole("heading", { name: "bird, recognized" }).waitFor();
      await page.getByText("The picture is gone").first().waitFor();
      await page.getByRole("button", { name: /^Open bird\/0\.png, / }).click();
      await expect.poll(() => host.asked("openImage")[0]?.params.uri, patience).toContain("/bird/000001.png");
      await expect.poll(async () => (await host.keptState())?.cell, patience).toEqual({ label: 0, predicted: 0 });
    });

    it("asks for more pictures, and says why there are none", async () => {
      const pictures = Array.from({ length: 24 }, (_, i) => {
        return { uri: null, name: `cat/${i}.png`, predicted: 3, probability: 0.5, runs: 1 };
      });
      const error = { code: "test-folder-gone", what: "The test folder is gone.", fix: "Bring it back." };
      const host = await open(table, {
        answer: (request) => {
          if (request.name !== "pictures") return undefined;
          if (request.params.label === 2) return { type: "response", id: request.id, result: { total: 30, pictures } };
          return { type: "failure", id: request.id, error };
        },
      });
      const { page } = host;
      await page.getByRole("tab", { name: "Confusion" }).click();
      await page.getByRole("button", { name: /^cat → flower/ }).click();
      await page.getByRole("button", { name: "Show 6 More" }).click();
      await expect.poll(() => host.asked("pictures").at(-1)?.params.offset, patience).toBe(24);
      await page.getByRole("button", { name: /^fruit → train/ }).click();
      await page.getByText("The test folder is gone. Bring it back.").waitFor();
    });

    it("lists the most confused pairs of very many classes", async () => {
      const classes = Array.from({ length: 80 }, (_, i) => `class ${i}`);
      const { page } = await open(fakeResults({ shots: [4], images: [50], seeds: 1, classes }));
      await page.getByRole("tab", { name: "Confusion" }).click();
      await page.getByText("A matrix of 80 classes would be too large to read").waitFor();
      await expect.poll(() => page.locator(".pairs button").count(), patience).toBe(10);
      expect(await page.getByRole("gridcell").count()).toBe(0);
    });
  });

  describe("the sets", () => {
    it("stand side by side, copies flagged", async () => {
      const host = await open(table);
      const { page } = host;
      await page.getByRole("tab", { name: "Sets" }).click();
      await page.getByRole("button", { name: /^Open data\/train\/bird\/000003\.png, Nearly a copy of/ }).click();
      await expect.poll(() => host.asked("openImage").length, patience).toBe(1);
      await page.getByText("2 images are nearly a copy of a real photo").click();
      await page.getByText("cat/01_openmoji_cat.png, cosine 0.987").waitFor();
      await page.getByRole("button", { name: "Show 12 More" }).click();
      await expect.poll(() => host.asked("sets").at(-1)?.params, patience).toEqual({ classIndex: 0, count: 24 });
      await choose(page, "Class", "cat");
      await expect.poll(() => host.asked("sets").at(-1)?.params, patience).toEqual({ classIndex: 2, count: 12 });
    });

    it("stand in rows of one length in any window", async () => {
      const { results } = table;
      for (const shown of [5, 4, 3, 2, 1]) {
        const { page } = await open({ ...table, results: { ...results, sets: results.sets.slice(-shown) } });
        await openTab(page, "Sets");
        for (const [width, rows] of [
          [460, shown < 3 ? 1 : 2],
          [800, shown < 5 ? 1 : 2],
          [1280, 1],
        ] as const) {
          await page.setViewportSize({ width, height: 760 });
          await expect.poll(() => page.evaluate(lengthsOfRows), patience).toHaveLength(rows);
          await shoot(page, `results-sets-${1 + shown}-${width}`);
          const lengths = (await page.evaluate(lengthsOfRows)) as readonly number[];
          expect(Math.max(...lengths) - Math.min(...lengths), `${1 + shown} sets in ${width} px`).toBeLessThan(2);
        }
      }
    });

    it("tell what was left out, and what is nearly the same", async () => {
      const { page } = await open(table);
      await page.getByRole("tab", { name: "Sets" }).click();
      await page.getByText("6 images left out of training").click();
      await page.getByText("6: nearer to a real photo than a cosine of 0.98").waitFor();
      await page.getByText("1 group of images that are nearly the same").click();
      await page.getByText("bird/1.png, bird/7.png").waitFor();
      await shoot(page, "results-sets-open");
    });

    it("keep their figures when the pictures cannot be read", async () => {
      const error = { code: "run-gone", what: "The run is gone.", fix: "Evaluate again." };
      const { page } = await open(table, {
        answer: (request) => (request.name === "sets" ? { type: "failure", id: request.id, error } : undefined),
      });
      await page.getByRole("tab", { name: "Sets" }).click();
      await page.getByText("The run is gone. Evaluate again.").waitFor();
      await page.getByText("0.225").waitFor();
    });
  });

  it("has a column for each dataset of a table of means", async () => {
    const { page, complaints } = await open(fakeAverage(table));
    await page.getByRole("columnheader", { name: "pets" }).waitFor();
    await page.locator("loft-results-header").getByText("birds: The folder is empty. Add pictures.").waitFor();
    await shoot(page, "results-datasets");
    expect(await hiddenWidth(page, "loft-results-table .scroll")).toBe(0);
    expect(await violations(page)).toEqual([]);
    for (const tab of ["Confusion", "Sets"]) {
      await openTab(page, tab);
      await page.getByText("pets: ../pets/evaluation/results.loft-results.json").waitFor();
      expect(await layoutViolations(page)).toEqual([]);
    }
    expect(complaints).toEqual([]);
  });

  describe("what is not whole", () => {
    it("grows while the evaluation runs", async () => {
      const running = { text: "Training classifiers, 23 of 34", share: 0.68 };
      const host = await open(live, { first: { type: "results", results: live.results, live: running } });
      const { page } = host;
      await page.getByText("0 of 3").waitFor();
      await page.getByText("The evaluation has not come to it yet.").waitFor();
      await host.send({ type: "live", live: { text: "Training classifiers, 30 of 34", share: 0.9 } });
      await page.locator("loft-results-header").getByText("30 of 34").waitFor();
      await host.send({ type: "results", results: table.results });
      await page.getByRole("cell", { name: /^95\.6 ± 1\.3\s?, best$/ }).waitFor();
      await expect.poll(() => page.getByText("Evaluating").count(), patience).toBe(0);
      await expect.poll(() => page.getByText("Missing runs").count(), patience).toBe(0);
      await page.getByRole("status").getByText("The evaluation is over.").waitFor();
    });

    it("is marked as partial when nothing goes on", async () => {
      const { page } = await open(live);
      await page.locator("loft-results-header").getByText("Partial").waitFor();
      expect(await page.getByText("Evaluating").count()).toBe(0);
    });

    it("is empty at first", async () => {
      const results = { ...live.results, rows: [], sets: [], partial: true, reference: null, warnings: [] };
      const { page } = await open({ ...live, results });
      await page.getByText("No rows yet.").waitFor();
      await shoot(page, "results-empty");
      for (const [tab, text] of [
        ["Scaling", "No row has an answer yet."],
        ["Confusion", "No row has answers yet."],
        ["Sets", "The evaluation has no synthetic sets."],
      ] as const) {
        await openTab(page, tab);
        await page.getByText(text).waitFor();
        expect(await layoutViolations(page)).toEqual([]);
      }
    });

    it.each([
      ["results-newer", "The file is of format version 2; this LoFT reads version 1.", "Update the LoFT extension."],
      ["results-corrupt", "The file is not JSON.", "Run the evaluation again."],
    ])("says why it cannot be shown: %s", async (code, what, fix) => {
      const host = await open(table, { first: { type: "unreadable", error: { code, what, fix } } });
      const { page } = host;
      await page.getByText(`${what} ${fix}`).waitFor();
      await shoot(page, code);
      expect(await violations(page)).toEqual([]);
      await page.getByRole("button", { name: "Open as Text" }).click();
      await expect.poll(() => host.asked("openText").length, patience).toBe(1);
      await host.send({ type: "results", results: table.results });
      await page.getByRole("heading", { name: "quick-start" }).waitFor();
      await expect.poll(() => page.getByText(what).count(), patience).toBe(0);
      await host.send({ type: "unreadable", error: { code, what, fix } });
      await page.getByText("What was read before stays in sight.").waitFor();
      await page.getByRole("table").waitFor();
    });

    it("ignores what no host of ours sends", async () => {
      const host = await open(table);
      await host.send({ type: "results", results: { formatVersion: 1 } } as never);
      await host.send({ type: "nonsense" });
      await host.page.getByRole("table").waitFor();
      expect(host.complaints).toEqual([]);
    });
  });

  it("treats every word as text", async () => {
    const hostile = '<img src=x onerror="document.title=1">';
    const classes = [hostile, ...table.results.dataset.classes.slice(1)];
    const rows = table.results.rows.map((row) => ({ ...row, title: hostile }));
    const warnings = [{ what: hostile, fix: hostile }];
    const results = { ...table.results, name: hostile, rows, warnings, dataset: { ...table.results.dataset, classes } };
    const { page, complaints } = await open({ ...table, results });
    await page.getByRole("heading", { name: hostile }).waitFor();
    await page.getByRole("rowheader", { name: hostile }).first().waitFor();
    await choose(page, "Metric", "Accuracy by class");
    await page.getByRole("columnheader", { name: hostile }).waitFor();
    await page.getByRole("tab", { name: "Confusion" }).click();
    await page.getByRole("rowheader", { name: hostile }).waitFor();
    expect(await page.title()).toBe("LoFT Results");
    expect(complaints).toEqual([]);
  });

  it("comes back as it was left", async () => {
    const kept = {
      tab: "confusion",
      metric: "classes",
      split: "test",
      hidden: ["zero-shot"],
      sort: { column: "class 1", isFalling: true },
      row: "loft-s4-n50",
      cell: { label: 4, predicted: 5 },
    } as const;
    const host = await open(table, { keptState: kept });
    await host.page.getByRole("heading", { name: "fruit, taken for train" }).waitFor();
    await host.page.getByRole("grid", { name: "Confusion of LoFT, 4 shots, 50 images per class" }).waitFor();
    await host.page.getByRole("tab", { name: "Table" }).click();
    const head = host.page.getByRole("columnheader", { name: "car" });
    await expect.poll(() => head.getAttribute("aria-sort"), patience).toBe("descending");
    await expect.poll(() => host.keptState(), patience).toEqual({ ...kept, tab: "table" });
  });

  it.each([
    { name: "200 px wide", width: narrowest, height: 700 },
    { name: "at 200 %", width: 1100, height: 900, zoom: 2 },
    { name: "700 px wide", width: 700, height: 700 },
    { name: "2000 px wide", width: 2000, height: 900 },
  ])("works $name", async ({ name, ...options }) => {
    const { page, complaints } = await open(some, options);
    const file = `results-${name.replaceAll(/\W+/g, "-")}`;
    for (const tab of ["Table", "Scaling", "Confusion", "Sets"]) {
      await openTab(page, tab);
      await shoot(page, `${file}-${tab.toLowerCase()}`);
      await expect.poll(() => page.evaluate(overflowing), { ...patience, message: tab }).toEqual([]);
      // What the narrowest view does not hide, no other does.
      if (options.width === narrowest) expect(await layoutViolations(page)).toEqual([]);
    }
    expect(complaints).toEqual([]);
  });

  it.each([
    { name: "turns its icon while an evaluation runs", motion: true, turns: true },
    { name: "holds still for who asked for reduced motion", motion: false, turns: false },
  ])("$name", async ({ motion, turns }) => {
    const running = { text: "Training classifiers", share: null };
    const { page } = await open(live, { motion, first: { type: "results", results: live.results, live: running } });
    await page.locator("loft-results-header .running .icon").waitFor();
    const animation = page.locator("loft-results-header .running .icon").evaluate((icon) => {
      const world = globalThis as unknown as { getComputedStyle: (element: unknown) => { animationName: string } };
      return world.getComputedStyle(icon).animationName;
    });
    expect(await animation).toBe(turns ? "turn" : "none");
  });
});
