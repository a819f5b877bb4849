/** A folder of photos without a configuration: the welcome text, the walkthrough, and the first configuration. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { inSession } from "../support/session.ts";

it("a folder of photos gets its first configuration", () =>
  inSession({ journey: "welcome", config: null }, async ({ folder, open, shot }) => {
    const workbench = await open();
    await workbench.showRuns();
    const { page } = workbench;
    await page.getByText("There is no *.loft.json here yet", { exact: false }).waitFor();
    await page.getByText("Open the walkthrough").click();
    await page.locator(".getting-started-step").filter({ hasText: "Lay out your photos" }).first().waitFor();
    await shot(workbench, "1-walkthrough");

    await workbench.command("LoFT: New Config from Folder");
    await workbench.pick("photos");
    await workbench.tab("photos.loft.json").waitFor();
    await workbench.ready();
    await workbench.lens(/4 adapters|8 adapters/).waitFor();
    await shot(workbench, "2-configuration");
    expect(existsSync(join(folder.workspace, "photos.loft.json"))).toBe(true);
    expect(workbench.refused).toEqual([]);
  }));
