/** What axe finds in a page of the extension. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { FrameLocator } from "playwright-core";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

type Findings = {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly target: unknown }[] }[];
};

/** One line for each rule and element that is broken. */
export async function violations(page: FrameLocator): Promise<readonly string[]> {
  const body = page.locator("body");
  await body.evaluate(`window.axe ?? (() => { ${axeSource} })()`);
  const found = (await body.evaluate("axe.run(document, { resultTypes: ['violations'] })")) as Findings;
  return found.violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${JSON.stringify(target)}`));
}
