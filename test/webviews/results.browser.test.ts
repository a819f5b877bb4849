/**
 * The results page in a real browser, with a host that plays the extension, under the content security policy that the
 * extension sets, in VS Code's themes. Screenshots are kept in artefacts/ beside this file (not in git).
 */
import { mkdir, writeFile } from "node:fs/promises";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { findBrowser, launchBrowser, noBrowser } from "./support/browser.ts";
import { type FakeResults, fakeResults } from "./support/fake-results.ts";
import { type FakeResultsHost, type FakeResultsHostOptions, openResultsPage } from "./support/fake-results-host.ts";
import { artefacts, choose, shoot, violations } from "./support/inspect.ts";
import { type PageServer, servePage } from "./support/page-server.ts";
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

describe.skipIf(program === undefined)("the results page", { timeout: 300_000 }, () => {
  const table = fakeResults({ shots: [4], images: [50], validation: true });
  const many = fakeResults({ shots: [1, 4, 16], images: [10, 50, 250], validation: true });
  const live = fakeResults({ shots: [4], images: [50], partial: true });
  let browser: Browser;
  let server: PageServer;
  const opened: FakeResultsHost[] = [];

  beforeAll(async () => {
    await mkdir(artefacts, { recursive: true });
    await writeFile(`${artefacts}.gitignore`, "*\n");
    [browser, server] = await Promise.all([launchBrowser(program as string), servePage("results")]);
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((host) => host.close()));
  });

  async function open(shown: FakeResults, options: Partial<FakeResultsHostOptions> = {}): Promise<FakeResultsHost> {
    const host = await openResultsPage(browser, server, shown, { theme: dark, ...options });
    opened.push(host);
    if (options.first === undefined) await host.page.getByRole("heading", { level: 1 }).waitFor();
    return host;
  }

  describe.each(themes)("in the theme $name", (theme) => {
    it("looks right and has no accessibility violation on any tab", async () => {
      const { page, complaints } = await open(table, { theme });
      await page.getByRole("table").waitFor();
      await shoot(page, `results-${theme.name}-table`);
      expect(await violations(page)).toEqual([]);
      await choose(page, "Metric", "Accuracy by class");
      await shoot(page, `results-${theme.name}-classes`);
      expect(await violations(page)).toEqual([]);
      await choose(page, "Metric", "Quality of the sets");
      await shoot(page, `results-${theme.name}-quality`);
      expect(await violations(page)).toEqual([]);

      await page.getByRole("tab", { name: "Confusion" }).click();
      await page.getByRole("gridcell", { name: /^cat taken for flower:/ }).click();
      await page.locator("loft-judged-pictures img").first().waitFor();
      await shoot(page, `results-${theme.name}-confusion`);
      expect(await violations(page)).toEqual([]);

      await page.getByRole("tab", { name: "Sets" }).click();
      await page.locator("loft-class-sets img").first().waitFor();
      await shoot(page, `results-${theme.name}-sets`);
      expect(await violations(page)).toEqual([]);
      expect(complaints).toEqual([]);
    });

    it("draws the scaling plots", async () => {
      const { page, complaints } = await open(many, { theme });
      await page.getByRole("tab", { name: "Scaling" }).click();
      await expect.poll(() => page.locator("loft-scaling-chart canvas").count(), patience).toBe(2);
      await shoot(page, `results-${theme.name}-scaling`);
      expect(await violations(page)).toEqual([]);
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
      expect(await violations(page)).toEqual([]);
    });
  });
});
