/** LoFT: Generate Dataset to the end, the Samples panel filling meanwhile. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { inSession } from "../support/session.ts";

it("a dataset is generated to the end and shown", () =>
  inSession({ journey: "generate" }, async ({ folder, open, shot }) => {
    const workbench = await open("shoes.loft.json");
    await workbench.ready();
    await workbench.command("LoFT: Generate Dataset");
    await workbench.status.filter({ hasText: /%/ }).waitFor({ timeout: 60_000 });
    const starting = await workbench.webview("loft-samples");
    await starting.locator("body").evaluate("document.fonts.ready.then(() => undefined)");
    await shot(workbench, "1-running");

    await workbench.notification(/shoes is finished: 8 images/).waitFor({ timeout: 120_000 });
    const panel = await workbench.webview("loft-samples");
    await expect.poll(() => panel.locator("loft-sample-grid img").count(), { timeout: 20_000 }).toBe(8);
    await expect.poll(() => loaded(panel), { timeout: 20_000 }).toBe(true);
    await shot(workbench, "2-finished");

    await workbench.showRuns();
    await workbench.runs.filter({ hasText: "8 images" }).waitFor();
    await shot(workbench, "3-runs");
    const images = join(folder.workspace, "runs", "shoes", "data", "train");
    expect(readdirSync(images, { recursive: true }).filter((name) => String(name).endsWith(".png"))).toHaveLength(8);
    expect(existsSync(join(folder.workspace, "runs", "shoes", "data", "train", "metadata.jsonl"))).toBe(true);
    expect(workbench.refused).toEqual([]);
  }));

/** Every picture is there and drawn: nothing was kept out by the page's content security policy. */
async function loaded(panel: Awaited<ReturnType<import("../support/workbench.ts").Workbench["webview"]>>) {
  const images = panel.locator("loft-sample-grid img");
  return await images.evaluateAll((all) => all.every((image) => "naturalWidth" in image && image.naturalWidth !== 0));
}
