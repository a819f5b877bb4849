/** LoFT: Evaluate to the end, the table filling meanwhile. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { violations } from "../support/axe.ts";
import { copyTestPictures } from "../support/results-folder.ts";
import { quickConfig } from "../support/run-folder.ts";
import { inSession } from "../support/session.ts";

/** Two rows of two small classifiers, and one without training. */
const config = {
  ...quickConfig,
  evaluation: { test: "test", rows: ["zero-shot", "real", "synthetic"], seeds: 2, steps: 40, batchSize: 4 },
};

it("an evaluation fills its table, and its run stands in the list", () =>
  inSession({ journey: "evaluate", config, fill: copyTestPictures }, async ({ folder, open, shot }) => {
    const workbench = await open("shoes.loft.json");
    await workbench.ready();
    await workbench.lens("Evaluate").waitFor({ timeout: 60_000 });
    await workbench.command("LoFT: Evaluate");
    await workbench.status.filter({ hasText: /%/ }).waitFor({ timeout: 120_000 });
    await workbench.tab("results.loft-results.json").waitFor({ timeout: 200_000 });
    const page = await workbench.webview("loft-results-table");
    await page
      .getByText(/Training classifiers, \d of 4/)
      .first()
      .waitFor();
    await workbench.status.filter({ hasText: /evaluating, \d+ %/ }).waitFor();
    await shot(workbench, "1-live");

    await workbench.notification(/shoes is evaluated/).waitFor({ timeout: 200_000 });
    await expect.poll(() => page.getByText("Training classifiers").count(), { timeout: 30_000 }).toBe(0);
    expect(await page.locator("td.value .spread", { hasText: "±" }).count()).toBe(2);
    await workbench.showRuns();
    await workbench.runs.filter({ hasText: "evaluated" }).waitFor();
    await shot(workbench, "2-finished", async () => expect(await violations(page)).toEqual([]));
    const file = join(folder.workspace, "runs", "shoes", "evaluation", "results.loft-results.json");
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ name: "shoes", partial: false });
    expect(workbench.refused).toEqual([]);
  }));
