/** A configuration is written: lenses, hover, completion, a typo underlined and mended. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { inSession } from "../support/session.ts";
import type { Workbench } from "../support/workbench.ts";

it("a configuration is completed, explained, underlined and mended", () =>
  inSession({ journey: "config-editing" }, async ({ folder, open, shot }) => {
    const workbench = await open("shoes.loft.json");
    await workbench.ready();
    await workbench.lens("Generate").first().waitFor();
    await workbench.lens(/4 adapters · 8 images · (about|less than)/).waitFor({ timeout: 60_000 });
    await shot(workbench, "1-lenses");

    await workbench.word("imagesPerClass").hover();
    await workbench.hover.filter({ hasText: "Synthetic images" }).waitFor();
    await shot(workbench, "2-hover");
    await workbench.page.keyboard.press("Escape");

    await completeGuidance(workbench, folder.config);
    await shot(workbench, "3-completion");
    await workbench.page.keyboard.press("Enter");
    await workbench.page.locator(".view-line", { hasText: '"guidanceScale":' }).waitFor();
    await save(workbench);
    expect(JSON.parse(readFileSync(folder.config, "utf8")).sampling.guidanceScale).toBeTypeOf("number");

    await makeTypo(workbench, folder.config);
    await workbench.squiggles.first().waitFor();
    await workbench.page.keyboard.press("Control+.");
    await workbench.page
      .locator(".action-widget")
      .getByText(/imagesPerClass/)
      .first()
      .waitFor();
    await shot(workbench, "4-quick-fix");
    await workbench.page.keyboard.press("Enter");
    await workbench.page.locator(".view-line", { hasText: '"imagesPerClass":' }).waitFor();
    expect(workbench.refused).toEqual([]);
  }));

/** After the last field of "sampling": a comma, a new line, and the first letters of another field. */
async function completeGuidance(workbench: Workbench, config: string): Promise<void> {
  const lines = readFileSync(config, "utf8").split("\n");
  const index = lines.findIndex((line) => line.includes('"steps": 3'));
  await workbench.goTo(index + 1, (lines[index] ?? "").length + 1);
  await workbench.page.keyboard.type(',\n"gui');
  const offered = workbench.page.locator(".monaco-list-row.focused", { hasText: "guidanceScale" });
  // Letters that come faster than the answer close the list: then it is asked for, as a user would.
  await offered.waitFor({ timeout: 5_000 }).catch(() => workbench.page.keyboard.press("Control+Space"));
  await offered.waitFor();
}

/** Takes the first letter of "Class" out of "imagesPerClass". */
async function makeTypo(workbench: Workbench, config: string): Promise<void> {
  const lines = readFileSync(config, "utf8").split("\n");
  const index = lines.findIndex((line) => line.includes("imagesPerClass"));
  await workbench.goTo(index + 1, (lines[index] ?? "").indexOf("Class") + 2);
  await workbench.page.keyboard.press("Backspace");
}

async function save(workbench: Workbench): Promise<void> {
  await workbench.page.keyboard.press("Escape");
  await workbench.page.keyboard.press("Control+s");
  await workbench.page.locator('.tab[data-resource-name="shoes.loft.json"]:not(.dirty)').waitFor();
}
