/**
 * The Samples page in a real browser, with a host that plays the extension, under the content security policy that the
 * extension sets, in VS Code's themes. LOFT_PICTURES=1 keeps screenshots in artefacts/ beside this file (not in git).
 */
import { mkdir, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { findBrowser, launchBrowser, noBrowser } from "./support/browser.ts";
import { type FakeHost, type FakeHostOptions, openPage, sampleAt, snapshot } from "./support/fake-host.ts";
import { type FakePages, fakePages } from "./support/fake-page.ts";
import { type FakeRun, fakeCurves, fakeRun } from "./support/fake-run.ts";
import {
  artefacts,
  choose,
  colorViolations,
  countFactChanges,
  focusedLabel,
  layoutViolations,
  openTab,
  overflowing,
  privateMegabytes,
  raggedWidths,
  type ScrollReport,
  scrollThrough,
  shoot,
  stateAnimation,
  taskSeconds,
  tidied,
  violations,
} from "./support/inspect.ts";
import { type PageServer, servePage } from "./support/page-server.ts";
import { type Theme, themes } from "./support/themes.ts";

const dark = themes[0] as Theme;
const program = findBrowser();

describe.runIf(program === undefined)("a browser", () => {
  it("is needed for the tests of the Samples page", (context) => {
    if (process.env.CI === "true") throw new Error(noBrowser);
    process.stderr.write(`${noBrowser}\n`);
    context.skip(noBrowser);
  });
});

const patience = { timeout: 90_000 };

/** Of a view, in px. */
const narrowest = 200;

describe.skipIf(program === undefined)("the Samples page", { timeout: 300_000 }, () => {
  const run = fakeRun({ imagesPerClass: 60 });
  const live = fakeRun({ imagesPerClass: 7, plannedPerClass: 40, state: "running", untrained: ["train"] });
  let browser: Browser;
  let pages: FakePages;
  let server: PageServer;
  const opened: FakeHost[] = [];

  beforeAll(async () => {
    await mkdir(artefacts, { recursive: true });
    await writeFile(`${artefacts}.gitignore`, "*\n");
    [browser, server] = await Promise.all([launchBrowser(program as string), servePage()]);
    pages = fakePages(browser);
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((host) => host.close()));
  });

  async function open(shown: FakeRun, options: Partial<FakeHostOptions> = {}): Promise<FakeHost> {
    const host = await openPage(pages, server, shown, { theme: dark, ...options });
    opened.push(host);
    await host.page.locator("loft-run-header h1").waitFor();
    return host;
  }

  describe.each(themes)("in the theme $name", (theme) => {
    // What is not color is the same in all of them.
    const found = theme === dark ? violations : colorViolations;

    it("looks right and has no accessibility violation on any tab", async () => {
      const host = await open(run, { theme });
      const { page } = host;
      await page.getByRole("gridcell", { name: /^bird 4,/ }).click();
      await page.locator("loft-sample-details .picture").waitFor();
      await shoot(page, `${theme.name}-samples`);
      expect(await found(page)).toEqual([]);

      await openTab(page, "Training");
      await page.getByRole("checkbox").nth(1).click();
      await page.getByRole("checkbox").nth(3).click();
      await shoot(page, `${theme.name}-training`);
      expect(await found(page)).toEqual([]);
      await page.getByRole("button", { name: "Show as table" }).click();
      await page.getByRole("columnheader", { name: "04_openmoji_owl.png" }).waitFor();
      expect(await found(page)).toEqual([]);

      await openTab(page, "Pair Matrix");
      for (const cell of [0, 10, 19]) await page.getByRole("gridcell").nth(cell).click();
      await expect.poll(() => page.locator("loft-pair-matrix .cell img").count(), patience).toBe(5);
      await shoot(page, `${theme.name}-pairs`);
      expect(await found(page)).toEqual([]);
      expect(host.complaints).toEqual([]);
    });

    it("shows a run that goes on", async () => {
      const host = await open(live, { theme });
      await host.page.getByRole("gridcell").first().waitFor();
      await shoot(host.page, `${theme.name}-live`);
      expect(await found(host.page)).toEqual([]);
    });
  });

  describe("the grid", () => {
    it("is driven by keys", async () => {
      const host = await open(run);
      const { page } = host;
      await page.getByRole("gridcell", { name: /^bird 1,/ }).focus();
      const focused = () => page.evaluate(focusedLabel);
      const press = async (key: string, label: RegExp) => {
        await page.keyboard.press(key);
        await expect.poll(focused, patience).toMatch(label);
      };
      const columns = Number(await page.getByRole("grid").getAttribute("aria-colcount"));
      await press("ArrowRight", /^bird 2,/);
      await press("ArrowDown", new RegExp(`^bird ${columns + 2},`));
      await press("Home", new RegExp(`^bird ${columns + 1},`));
      await press("End", new RegExp(`^bird ${2 * columns},`));
      await press("Control+End", /^train 60,/);
      await press("ArrowRight", /^train 60,/);
      await press("PageUp", /^train (?!60,)/);
      await press("Control+Home", /^bird 1,/);
      await press("PageDown", /^bird (?!1,)/);
      await press("Control+Home", /^bird 1,/);
      await press("ArrowLeft", /^bird 1,/);

      await page.keyboard.press("Space");
      await page.keyboard.press("x");
      await page.keyboard.press("Delete");
      const { file } = sampleAt(run, "bird", 0);
      await expect.poll(() => host.asked("curate").length, patience).toBe(3);
      expect(host.asked("curate").map(({ params }) => params)).toEqual([
        { file, verdict: "keep" },
        { file, verdict: "reject" },
        { file, verdict: null },
      ]);

      await page.keyboard.press("Enter");
      await page.getByRole("region", { name: "Details of the image" }).waitFor();
      await page.getByRole("button", { name: "Close Details" }).focus();
      await page.keyboard.press("Escape");
      await expect.poll(focused, patience).toMatch(/^bird 1,/);
      await expect.poll(() => page.locator("loft-sample-details").count(), patience).toBe(0);
    });

    it("filters by class and by verdict", async () => {
      const { page } = await open(run);
      await page.getByRole("gridcell").first().waitFor();
      await choose(page, "Class", "car");
      await expect.poll(() => page.getByRole("rowheader").allTextContents().then(tidied), patience).toEqual(["car 60"]);
      await choose(page, "Verdict", "Kept");
      await expect.poll(() => page.getByRole("gridcell").count(), patience).toBe(6);
      await expect.poll(() => page.getByRole("gridcell", { name: /, kept, / }).count(), patience).toBe(6);
      await expect
        .poll(() => page.getByRole("rowheader").allTextContents().then(tidied), patience)
        .toEqual(["car 6 shown, 60"]);
    });

    it("takes a verdict back when it could not be written", async () => {
      const error = { code: "disk-full", what: "The disk is full.", fix: "Make room." };
      const host = await open(run, {
        answer: (request) => (request.name === "curate" ? { type: "failure", id: request.id, error } : undefined),
      });
      await host.page.getByRole("gridcell", { name: /^bird 1,/ }).focus();
      await host.page.keyboard.press("Space");
      await host.page.getByText("The disk is full. Make room.").waitFor();
      await host.page.getByRole("gridcell", { name: "bird 1, a photo of a bird" }).waitFor();
      await host.page.getByRole("button", { name: "Close" }).click();
      await expect.poll(() => host.page.getByText("The disk is full.").count(), patience).toBe(0);
    });
  });

  describe("the details", () => {
    it("show where an image comes from, and ask the extension for the rest", async () => {
      const host = await open(run, {
        answer: (request) =>
          request.name === "replay"
            ? { type: "response", id: request.id, result: { same: false, differingValues: 12, largestDifference: 2 } }
            : undefined,
      });
      const { page } = host;
      const sample = sampleAt(run, "bird", 3);
      await page.getByRole("gridcell", { name: /^bird 4,/ }).click();
      const details = page.locator("loft-sample-details");
      for (const { photo, weight, adapterId } of sample.parents) {
        await details.getByText(photo).waitFor();
        await details.getByText(String(weight), { exact: true }).waitFor();
        await details.getByText(adapterId).waitFor();
      }
      await details.getByText(String(sample.seed)).waitFor();
      await page.getByRole("button", { name: "Open" }).click();
      await page.getByRole("button", { name: "Copy Row" }).click();
      await page.getByText("The row is in the clipboard.").waitFor();
      await page.getByRole("button", { name: "Replay" }).click();
      await page.getByText("Made again: 12 values differ, by at most 2 of 255.").waitFor();
      expect(host.asked("openImage")[0]?.params).toEqual({ file: sample.file });
      expect(host.asked("copyRow")[0]?.params).toEqual({ file: sample.file });

      await page.getByRole("button", { name: "Keep", exact: true }).click();
      await expect.poll(() => host.asked("curate")[0]?.params, patience).toEqual({ file: sample.file, verdict: null });
      await page.getByRole("button", { name: "Next Image" }).click();
      await details.getByRole("heading", { name: "bird 5" }).waitFor();
    });

    it("treat every word as text", async () => {
      const hostile = '<img src=x onerror="document.title=1">';
      const [first, ...rest] = run.samples;
      const samples = [{ ...first!, prompt: hostile, className: "bird" }, ...rest];
      const summary = { ...run.summary, name: hostile };
      const host = await open({ ...run, summary, samples });
      await host.page.getByRole("heading", { name: hostile }).waitFor();
      await host.page.getByRole("gridcell", { name: hostile }).click();
      await host.page.locator("loft-sample-details").getByText(hostile).waitFor();
      expect(await host.page.title()).toBe("LoFT Samples");
      expect(host.complaints).toEqual([]);
    });
  });

  describe("a run that goes on", () => {
    it("fills the grid as images are made", async () => {
      const now = { ...live, samples: [...live.samples] };
      const host = await open(now);
      await host.page.getByRole("gridcell", { name: /^bird 7,/ }).waitFor();
      const made = fakeRun({ imagesPerClass: 9 }).samples.filter(
        (entry) => entry.className === "bird" && 6 < entry.index,
      );
      now.samples.push(...made);
      const files = made.map(({ file }) => file);
      const event = { type: "images-finished", className: "bird", files, durationSeconds: 1 };
      await host.send({ type: "events", sequence: 11, events: [event] });
      await host.page.getByRole("gridcell", { name: /^bird 9,/ }).waitFor();
      expect(host.asked("samples").map(({ params }) => params)).toContainEqual({
        className: "bird",
        offset: 7,
        limit: 1000,
      });
      const progress = { ...live.summary.progress!, imagesDone: 44, secondsLeft: 60 };
      await host.send({ type: "run", run: { ...live.summary, progress }, canResume: true });
      await host.page.getByText("44 of 240 images", { exact: true }).waitFor();
    });

    it("draws no more than ten times a second", async () => {
      const host = await open(live);
      await host.page.getByRole("gridcell").first().waitFor();
      await host.page.evaluate(countFactChanges);
      const started = performance.now();
      for (let done = 43; done < 93; done++) {
        const progress = { ...live.summary.progress!, imagesDone: done };
        await host.send({ type: "run", run: { ...live.summary, progress }, canResume: true });
      }
      await host.page.getByText("92 of 240 images", { exact: true }).waitFor();
      const seconds = (performance.now() - started) / 1000;
      expect(await host.page.evaluate("globalThis.factChanges")).toBeLessThanOrEqual(Math.ceil(seconds * 10) + 1);
    });

    it("says that its loss is no number", async () => {
      const host = await open(live, { curves: fakeCurves([live.classes[0]!], 3) });
      const adapters = live.classes[0]!.photos.map(({ adapterId }) => adapterId);
      const progress = { ...live.summary.progress!, loss: Number.NaN };
      await host.send({ type: "run", run: { ...live.summary, progress }, canResume: true });
      await host.page.getByText("loss diverged: it became NaN or infinite").waitFor();
      await host.page.getByRole("tab", { name: "Training" }).click();
      await host.page.getByRole("cell", { name: "6" }).first().waitFor();
      const losses = adapters.map(() => Number.NaN);
      const group = { type: "adapter-group-started", group: "g", adapters, step: 6, steps: 400 };
      const step = { type: "training-step", group: "g", step: 7, steps: 400, losses, gradNorms: losses };
      await host.send({ type: "events", sequence: 12, events: [group, { ...step, durationSeconds: 1 }] });
      await expect
        .poll(() => host.page.getByRole("cell", { name: "diverged" }).count(), patience)
        .toBe(adapters.length);
    });

    it("is stopped and resumed, and says what went wrong", async () => {
      const error = { code: "run-locked", what: "Another process works on the run.", fix: "Stop it first." };
      const host = await open(live, {
        answer: (request) => (request.name === "resume" ? { type: "failure", id: request.id, error } : undefined),
      });
      await host.page.getByRole("button", { name: "Cancel" }).click();
      await expect.poll(() => host.asked("cancel").length, patience).toBe(1);
      await host.send({ type: "run", run: { ...live.summary, state: "interrupted" }, canResume: true });
      await host.page.getByRole("button", { name: "Resume" }).click();
      await host.page.getByText("Another process works on the run. Stop it first.").waitFor();
      await host.send({ type: "run", run: { ...live.summary, state: "interrupted" }, canResume: false });
      await expect.poll(() => host.page.getByRole("button", { name: "Resume" }).count(), patience).toBe(0);
    });

    it("says what was evaluated, and leads to the table", async () => {
      const host = await open(run);
      const progress = { ...live.summary.progress!, stage: "evaluating", adaptersDone: 15, adapters: 15 } as const;
      const evaluated = { ...run.summary, work: "evaluate", state: "finished", progress } as const;
      await host.send({ type: "run", run: evaluated, canResume: true });
      await host.page.locator(".state", { hasText: "Evaluation finished" }).waitFor();
      await host.page.getByText("15 classifiers trained and compared", { exact: true }).waitFor();
      await shoot(host.page, "evaluated");
      await host.page.getByRole("button", { name: "Open Results" }).click();
      await expect.poll(() => host.asked("openResults").length, patience).toBe(1);
    });

    it("draws losses as they come", async () => {
      const [bird] = live.classes;
      const curves = fakeCurves([bird!], 3);
      const host = await open(live, { curves });
      await host.page.getByRole("tab", { name: "Training" }).click();
      await host.page.getByRole("cell", { name: "6" }).first().waitFor();
      const adapters = bird!.photos.map(({ adapterId }) => adapterId);
      await host.send({
        type: "events",
        sequence: 12,
        events: [
          { type: "adapter-group-started", group: "g", adapters, step: 6, steps: 400 },
          {
            type: "training-step",
            group: "g",
            step: 77,
            steps: 400,
            losses: adapters.map(() => 0.125),
            gradNorms: [],
            durationSeconds: 1,
          },
        ],
      });
      await expect.poll(() => host.page.getByRole("cell", { name: "77" }).count(), patience).toBe(adapters.length);
      await expect.poll(() => host.page.getByRole("cell", { name: "0.125" }).count(), patience).toBe(adapters.length);
    });
  });

  it("shows the curves of a thousand adapters", async () => {
    const { page } = await open(run, { curves: fakeCurves(run.classes, 50, 21) });
    await page.getByRole("tab", { name: "Training" }).click();
    await page.getByText("Mean of 1,008 adapters").waitFor();
    await expect.poll(() => page.getByRole("checkbox").count(), patience).toBe(60);
    await page.getByRole("button", { name: "Show 60 More" }).click();
    await expect.poll(() => page.getByRole("checkbox").count(), patience).toBe(120);
  });

  describe("the pair matrix", () => {
    it("asks one at a time, and the newest value wins", async () => {
      let answer = () => {};
      const pressed = new Promise<void>((resolve) => {
        answer = resolve;
      });
      const host = await open(run, { fuseAfter: () => pressed });
      const { page } = host;
      await page.getByRole("tab", { name: "Pair Matrix" }).click();
      await page.getByRole("gridcell").nth(1).click();
      const slider = page.getByRole("slider");
      await slider.focus();
      for (let presses = 0; presses < 6; presses++) await page.keyboard.press("ArrowRight");
      answer();
      await page.getByRole("gridcell", { name: "weight 0.8" }).first().waitFor();
      expect(host.asked("fuse").map(({ params }) => params.adapters[0]?.weight)).toEqual([0.5, 0.8]);
      expect(host.asked("fuse")[0]?.params).toEqual({
        className: "bird",
        adapters: run.classes[0]!.photos.slice(0, 2).map(({ adapterId }) => ({ adapterId, weight: 0.5 })),
        seed: 0,
      });
    });

    it("fills itself, can be stopped, and uses the seed", async () => {
      const host = await open(run, { fuseAfter: () => sleep(60) });
      const { page } = host;
      await page.getByRole("tab", { name: "Pair Matrix" }).click();
      await page.getByRole("spinbutton", { name: "Seed" }).fill("42");
      await page.keyboard.press("Tab");
      await page.getByRole("button", { name: "Fill All" }).click();
      await expect.poll(() => host.asked("fuse").length, patience).toBeGreaterThan(4);
      await page.getByRole("button", { name: "Stop" }).click();
      await page.getByRole("button", { name: "Fill All" }).waitFor();
      const asked = host.asked("fuse").length;
      await page.waitForTimeout(500);
      expect(host.asked("fuse").length).toBeLessThanOrEqual(asked + 1);
      expect(host.asked("fuse").every(({ params }) => params.seed === 42)).toBe(true);
    });

    it("shows a failure in its cell and stops filling", async () => {
      const error = { code: "disk-full", what: "No memory left.", fix: "Close something." };
      const host = await open(run, {
        answer: (request) => (request.name === "fuse" ? { type: "failure", id: request.id, error } : undefined),
      });
      await host.page.getByRole("tab", { name: "Pair Matrix" }).click();
      await host.page.getByRole("button", { name: "Fill All" }).click();
      await host.page.getByText("No memory left. Close something.").waitFor();
      await host.page.getByRole("button", { name: "Fill All" }).waitFor();
      expect(host.asked("fuse").length).toBe(1);
    });

    it("asks for nothing that is not trained", async () => {
      const host = await open(live);
      await host.page.getByRole("tab", { name: "Pair Matrix" }).click();
      await choose(host.page, "Class", "train");
      await host.page
        .getByRole("gridcell", { name: /not trained yet/ })
        .first()
        .click({ force: true });
      await host.page.getByRole("button", { name: "Fill All" }).click();
      await host.page.waitForTimeout(200);
      expect(host.asked("fuse")).toEqual([]);
    });
  });

  it("comes back as it was left", async () => {
    const { file } = sampleAt(run, "car", 30);
    const kept = {
      run: run.summary.run,
      tab: "samples",
      className: "car",
      verdict: "all",
      thumbnail: 192,
      selected: file,
    } as const;
    const host = await open(run, { keptState: kept });
    await host.page.locator("loft-sample-details").getByRole("heading", { name: "car 31" }).waitFor();
    await expect.poll(() => host.page.getByRole("gridcell", { name: /^car 31,/ }).isVisible(), patience).toBe(true);
    await expect.poll(() => host.keptState(), patience).toEqual(kept);
    await host.page.getByRole("tab", { name: "Training" }).click();
    await expect.poll(async () => (await host.keptState())?.tab, patience).toBe("training");
    await host.send(snapshot(run, server, { name: "renamed" }));
    await host.page.getByRole("heading", { name: "renamed" }).waitFor();
  });

  it.each([
    { name: "200 px wide", width: narrowest, height: 700 },
    { name: "at 200 %", width: 1100, height: 900, zoom: 2 },
    { name: "700 px wide", width: 700, height: 700 },
  ])("works $name", async ({ name, ...options }) => {
    const { page, complaints } = await open(live, options);
    await page.getByRole("gridcell").first().click();
    await page.locator("loft-sample-details .picture").waitFor();
    const file = name.replaceAll(/\W+/g, "-");
    await shoot(page, `${file}-details`);
    if (options.width === narrowest) expect(await layoutViolations(page)).toEqual([]);
    await page.getByRole("button", { name: "Close Details" }).click();
    for (const tab of ["Samples", "Training", "Pair Matrix"]) {
      await openTab(page, tab);
      await shoot(page, `${file}-${tab.replace(" ", "-").toLowerCase()}`);
      await expect.poll(() => page.evaluate(overflowing), { ...patience, message: tab }).toEqual([]);
      // What the narrowest view does not hide, no other does.
      if (options.width === narrowest) expect(await layoutViolations(page)).toEqual([]);
    }
    expect(complaints).toEqual([]);
  });

  it("shows an interrupted run, and begins no line of its head with a dot", async () => {
    const { page } = await open(fakeRun({ imagesPerClass: 0, plannedPerClass: 40, state: "interrupted" }));
    await page.getByText("They appear here once the run goes on.").waitFor();
    await shoot(page, "interrupted");
    expect(await raggedWidths(page, "loft-run-header")).toEqual([]);
  });

  it.each([
    { name: "turns its icon while it runs", motion: true, turns: true },
    { name: "holds still for who asked for reduced motion", motion: false, turns: false },
  ])("$name", async ({ motion, turns }) => {
    const { page } = await open(live, { motion });
    expect(await page.evaluate(stateAnimation)).toBe(turns ? "turn" : "none");
  });

  it("scrolls through 10,000 images without blank frames and in little memory", async () => {
    const many = fakeRun({ imagesPerClass: 1667 });
    const { page } = await open(many, { isFresh: true });
    await expect.poll(() => page.getByRole("rowheader").first().textContent(), patience).toContain("1,667");
    const client = await page.context().newCDPSession(page);
    // Processor time of the page's thread, so that other work on this machine counts for nothing.
    await client.send("Performance.enable", { timeDomain: "threadTicks" });
    const before = await taskSeconds(client);
    const seen = (await page.evaluate(scrollThrough)) as ScrollReport;
    const perStep = ((await taskSeconds(client)) - before) / seen.steps;
    await client.send("HeapProfiler.collectGarbage");
    const heap = (await client.send("Runtime.getHeapUsage")).usedSize / 2 ** 20;
    const memory = await privateMegabytes(browser);
    process.stdout.write(
      `10,000 images: ${seen.steps} steps, ${(perStep * 1000).toFixed(1)} ms of processor a step, ` +
        `longest frame ${seen.longestFrame.toFixed(0)} ms, longest blank ${seen.longestBlank.toFixed(0)} ms, ` +
        `${seen.mostElements} cells at most, heap ${heap.toFixed(0)} MB, ` +
        `private memory ${memory?.toFixed(0) ?? "unknown"} MB\n`,
    );
    expect(seen.reachedEnd).toBe(true);
    expect(seen.blankFrames).toBe(0);
    expect(perStep).toBeLessThan(0.1);
    expect(seen.mostElements).toBeLessThan(600);
    expect(heap).toBeLessThan(100);
    expect(memory ?? 0).toBeLessThan(300);
  });
});
