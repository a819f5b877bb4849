/**
 * Pictures for README.md, of the quick start after `npm start`: the panel with its samples, details and pair matrix.
 *
 *   LOFT_PICTURES=1 npx vitest run --config test/e2e/vitest.config.ts
 */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "./support/root.ts";
import { inSession, themes } from "./support/session.ts";

it.each(themes)("shows the quick start (%s)", (theme) =>
  inSession(
    {
      journey: "pictures",
      theme,
      config: null,
      classes: [],
      fill: (workspace) => cpSync(join(root, "examples", "quick-start"), workspace, { recursive: true }),
    },
    async ({ open, shot }) => {
      const workbench = await open("quick-start.loft.json");
      await workbench.ready();
      await workbench.lens("adapters").waitFor();
      await workbench.command("LoFT: Show Samples");
      const panel = await workbench.webview("loft-samples");
      await expect.poll(() => panel.locator("loft-sample-grid img").count()).toBeGreaterThan(8);
      await workbench.showRuns();
      await workbench.runs.filter({ hasText: "images" }).waitFor();
      await shot(workbench, "samples");
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
    },
  ),
);
