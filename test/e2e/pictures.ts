/**
 * The pictures of the editor in README.md, and more of the same in three themes to look at in artefacts/pictures/. The
 * panel shows the quick start as `npm start` left it, the table the committed results of examples/fashion; the
 * configuration needs no run.
 *
 *   LOFT_PICTURES=1 npx vitest run --config test/e2e/vitest.config.ts
 */
import { cpSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "./support/root.ts";
import { inSession } from "./support/session.ts";
import type { Theme } from "./support/themes.ts";
import type { Workbench } from "./support/workbench.ts";

const quickStart = join(root, "examples", "quick-start");
const fashion = join(root, "examples", "fashion");

/** The one theme that README.md shows. */
const shown: Theme = "dark";

it("shows the quick start", () =>
  inSession({ journey: "pictures", config: null, classes: [], fill: copyQuickStart }, async ({ open, shot }) => {
    const workbench = await open("quick-start.loft.json");
    await workbench.ready();
    await workbench.lens("adapters").waitFor();
    await workbench.command("LoFT: Show Samples");
    const panel = await workbench.webview("loft-samples");
    await expect.poll(() => panel.locator("loft-sample-grid img").count()).toBeGreaterThan(8);
    await workbench.showRuns();
    await workbench.runs.filter({ hasText: "images" }).waitFor();
    await shot(workbench, "samples", forReadme(workbench, "samples-panel.png", 800));
    await panel.locator("loft-sample-grid img").nth(1).click();
    await panel.locator("loft-sample-details").waitFor();
    await shot(workbench, "details");
    await panel.getByRole("tab", { name: "Training" }).click();
    await panel.locator("loft-loss-chart").first().waitFor();
    await shot(workbench, "training");
    await panel.getByRole("tab", { name: /Pair/ }).click();
    await panel.getByRole("button", { name: "Fill All" }).click();
    const cells = panel.locator("loft-pair-matrix").locator("button img, [role=gridcell] img");
    await expect.poll(() => cells.count(), { timeout: 240_000 }).toBeGreaterThan(15);
    await shot(workbench, "pairs");
  }));

it("shows a configuration", () =>
  inSession({ journey: "pictures", config: more, fill: writeBase }, async ({ open, shot }) => {
    const workbench = await open("shoes.loft.json");
    await workbench.ready();
    await workbench.squiggles.first().waitFor();
    await workbench.word("learningRate").waitFor();
    await workbench.word("imagesPerClass").hover();
    await workbench.hover.filter({ hasText: "Instead of" }).waitFor();
    await shot(workbench, "configuration", forReadme(workbench, "configuration.png", 560));
  }));

/** One mistyped key, values of its own, and the rest from another file; long enough that the hover hides no problem. */
const more = {
  extends: "base.loft.json",
  training: { setps: 200, batchSize: 2 },
  data: { shots: 4 },
  prompt: { template: "a photo of a {class}, on white" },
  sampling: { imagesPerClass: 100 },
};

function writeBase(workspace: string): void {
  const base = {
    data: { folder: "photos", classNames: { car: "toy car" } },
    training: { learningRate: 0.0005 },
    sampling: { imagesPerClass: 20, guidanceScale: 1.5 },
  };
  writeFileSync(join(workspace, "base.loft.json"), `${JSON.stringify(base, undefined, 2)}\n`);
}

it("shows the results of examples/fashion", () =>
  inSession({ journey: "pictures", config: null, classes: [], fill: copyOf("results") }, async ({ open, shot }) => {
    const workbench = await open();
    await workbench.quickOpen("results.loft-results.json");
    const page = await workbench.webview("loft-results-table");
    await shot(workbench, "results");
    await page.getByRole("button", { name: "Accuracy", exact: true }).click();
    await shot(workbench, "results-sorted", forReadme(workbench, "results-table.png", 660));
    await page.getByRole("tab", { name: "Confusion" }).click();
    await page.getByRole("grid").waitFor();
    await shot(workbench, "confusion");
  }));

it.each(["results-scaling", "results-shots"])("shows how examples/fashion scales in %s", (folder) =>
  inSession({ journey: "pictures", config: null, classes: [], fill: copyOf(folder) }, async (session) => {
    const workbench = await session.open();
    await workbench.quickOpen("results.loft-results.json");
    const page = await workbench.webview("loft-results-table");
    await page.getByRole("tab", { name: "Scaling" }).click();
    await page.locator("loft-scaling-chart canvas").first().waitFor();
    await session.shot(workbench, folder, forReadme(workbench, `${folder}.png`, 660));
  }),
);

function copyQuickStart(workspace: string): void {
  if (!existsSync(join(quickStart, "runs", "quick-start", "manifest.json")))
    throw new Error("The quick start was not run yet: `npm start` first.");
  cpSync(quickStart, workspace, { recursive: true });
}

function copyOf(folder: string): (workspace: string) => void {
  return (workspace) => cpSync(join(fashion, folder), workspace, { recursive: true });
}

/** In the theme that README.md shows: the top of the window, for README.md. */
function forReadme({ page }: Workbench, name: string, height: number): (theme: Theme) => Promise<void> {
  const clip = { x: 0, y: 0, width: 1280, height };
  const path = join(root, "docs", "images", name);
  return async (theme) => {
    if (theme === shown) await page.screenshot({ path, clip, animations: "disabled" });
  };
}
