/** Restricted Mode: help while writing, and nothing that runs; then trust. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { daemonFiles } from "../../../schemas/discovery.ts";
import { inSession } from "../support/session.ts";

it("an untrusted folder gets help from the schema and starts no daemon, until it is trusted", () =>
  inSession(
    {
      journey: "restricted-mode",
      trusted: false,
      settings: { "security.workspace.trust.startupPrompt": "never" },
      config: { data: { folder: "photos" }, sampling: { imagesPerClas: 3 } },
    },
    async ({ folder, open, shot }) => {
      const workbench = await open("shoes.loft.json");
      await workbench.squiggles.first().waitFor({ timeout: 200_000 });
      await workbench.showRuns();
      await workbench.page.getByText("Restricted Mode", { exact: false }).first().waitFor();
      await shot(workbench, "1-help-only");
      expect(existsSync(join(folder.daemonFolder, daemonFiles.discovery))).toBe(false);
      expect(await workbench.page.getByRole("button", { name: /Generate Dataset/ }).count()).toBe(0);

      await workbench.page.getByRole("button", { name: "Manage Workspace Trust" }).click();
      await workbench.page.getByRole("button", { name: "Trust", exact: true }).click();
      await workbench.page.locator(".monaco-modal-editor-block .codicon-close").first().click();
      await workbench.page.locator(".monaco-modal-editor-block").waitFor({ state: "hidden" });
      await workbench.ready();
      await workbench.lens(/1 problem/).waitFor();
      await shot(workbench, "2-trusted");
      expect(existsSync(join(folder.daemonFolder, daemonFiles.discovery))).toBe(true);
    },
  ));
