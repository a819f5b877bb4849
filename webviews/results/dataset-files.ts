/** What stands in place of classes and pictures in a table over several datasets: where each has its own. */
import { html, type TemplateResult } from "lit";
import type { LoftResults } from "../../schemas/results.ts";
import { texts } from "./texts.ts";

/** `otherwise` where there is one dataset. */
export function datasetFiles({ datasets }: LoftResults, otherwise: string): TemplateResult {
  if (datasets === undefined) return html`<p class="empty">${otherwise}</p>`;
  return html`<div class="empty"><p>${texts.overDatasets}</p>
    <ul>${datasets.map(({ name, results }) => html`<li>${texts.datasetFile(name, results)}</li>`)}</ul></div>`;
}
