/** How the adapters train: the chart or its numbers as a table, and the list that chooses which curves are drawn. */
import "@vscode-elements/elements/dist/vscode-button/index.js";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import type { SampleClass } from "../../schemas/protocol.ts";
import { mostSeries } from "../shared/chart-colors.ts";
import { icon, iconStyles } from "../shared/icon.ts";
import { baseStyles } from "../shared/theme.ts";
import { type Curve, type CurveSummary, type Losses, summarize } from "./loss-curves.ts";
import { fileUrl } from "./page.ts";
import { countText, lossText, texts } from "./texts.ts";
import { trainingStyles } from "./training-styles.ts";

const listLength = 60;

export class LoftTraining extends LitElement {
  static override styles = [baseStyles, iconStyles, trainingStyles];
  static override properties = {
    losses: { attribute: false },
    classes: { attribute: false },
    onlyClass: { attribute: false },
    base: { attribute: false },
    chosen: { state: true },
    isTable: { state: true },
    shown: { state: true },
  };

  declare losses: Losses;
  declare classes: readonly SampleClass[];
  /** The class shown; absent is all. */
  declare onlyClass: string | undefined;
  declare base: string;
  /** Adapters drawn beside the mean, by id. */
  declare chosen: readonly string[];
  declare isTable: boolean;
  /** Length of the list. */
  declare shown: number;

  constructor() {
    super();
    this.chosen = [];
    this.isTable = false;
    this.shown = listLength;
  }

  protected override render(): TemplateResult {
    const all = [...this.losses.curves.values()];
    const curves = all.filter(({ className, steps, hasDiverged }) => {
      return (
        (0 < steps.length || hasDiverged === true) && (this.onlyClass === undefined || className === this.onlyClass)
      );
    });
    if (curves.length === 0) return html`<p class="empty">${texts.noTraining}</p>`;
    const summary = summarize(curves);
    const chosen = this.chosen.flatMap((id) => curves.find(({ adapterId }) => adapterId === id) ?? []);
    return html`<div class="page">
      <div class="bar">
        <h2>${texts.lossChart}</h2>
        <button class="quiet-button" aria-pressed=${this.isTable} @click=${this.#toggleTable}>
          ${icon(this.isTable ? "graph" : "table")}<span>${this.isTable ? texts.showChart : texts.showTable}</span>
        </button>
      </div>
      ${this.isTable ? this.#numbers(summary, chosen) : this.#chart(summary, curves.length, chosen)}
      ${this.#list(curves)}
    </div>`;
  }

  #chart(summary: CurveSummary, count: number, chosen: readonly Curve[]): TemplateResult {
    return html`
      <ul class="legend">
        <li><span class="line mean"></span>${texts.meanOf(count)}</li>
        ${1 < count ? html`<li><span class="line range"></span>${texts.range}</li>` : nothing}
        ${chosen.map(({ photo }, i) => html`<li><span class="line series-${i}"></span>${photo}</li>`)}
      </ul>
      <loft-loss-chart .summary=${summary} .count=${count} .chosen=${chosen}></loft-loss-chart>`;
  }

  #numbers({ steps, mean, least, most }: CurveSummary, chosen: readonly Curve[]): TemplateResult {
    const names = [texts.mean, texts.least, texts.most, ...chosen.map(({ photo }) => photo)];
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${texts.lossTable}>
      <table class="numbers">
        <caption class="unseen">${texts.lossTable}</caption>
        <thead><tr><th scope="col">${texts.step}</th>${names.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
        <tbody>
          ${steps.map((step, i) => {
            const values = [mean[i], least[i], most[i], ...chosen.map((curve) => lossBefore(curve, step))];
            return html`<tr><th scope="row">${countText(step)}</th>
              ${values.map((value) => html`<td>${value === undefined ? "" : lossText(value)}</td>`)}</tr>`;
          })}
        </tbody>
      </table>
    </div>`;
  }

  #list(curves: readonly Curve[]): TemplateResult {
    const isFull = mostSeries <= this.chosen.length;
    return html`
      <p class="quiet">${texts.curvesLimit(mostSeries)}</p>
      <div class="scroll">
        <table class="numbers adapters">
          <caption class="unseen">${texts.adapterTable}</caption>
          <thead><tr>
            <th scope="col">${texts.adapter}</th><th scope="col">${texts.classFilter}</th>
            <th scope="col">${texts.step}</th><th scope="col">${texts.loss}</th>
          </tr></thead>
          <tbody>${curves.slice(0, this.shown).map((curve) => this.#adapter(curve, isFull))}</tbody>
        </table>
      </div>
      ${
        this.shown < curves.length
          ? html`<vscode-button secondary @click=${this.#showMore}
              >${texts.more(Math.min(listLength, curves.length - this.shown))}</vscode-button>`
          : nothing
      }`;
  }

  #adapter({ adapterId, photo, className, steps, losses, hasDiverged }: Curve, isFull: boolean): TemplateResult {
    const isChosen = this.chosen.includes(adapterId);
    const photoFile = this.#photoFile(adapterId);
    return html`<tr>
      <td><label class="adapter">
        <input type="checkbox" aria-label=${texts.showCurve(photo)} .checked=${isChosen} ?disabled=${isFull && !isChosen}
          @change=${() => this.#choose(adapterId)}>
        ${photoFile === undefined ? nothing : html`<img class="pixels" src=${fileUrl(this.base, photoFile)} alt="">`}
        <span title=${adapterId}>${photo}</span>
      </label></td>
      <td>${className}</td>
      <td>${countText(steps.at(-1) ?? 0)}</td>
      <td>${hasDiverged === true ? texts.diverged : lossText(losses.at(-1) ?? 0)}</td>
    </tr>`;
  }

  #photoFile(adapterId: string): string | undefined {
    for (const { photos } of this.classes) {
      const found = photos.find((photo) => photo.adapterId === adapterId);
      if (found !== undefined) return found.photoFile;
    }
    return undefined;
  }

  #choose(id: string): void {
    const isChosen = this.chosen.includes(id);
    this.chosen = isChosen ? this.chosen.filter((other) => other !== id) : [...this.chosen, id].slice(0, mostSeries);
  }

  readonly #toggleTable = (): void => {
    this.isTable = !this.isTable;
  };

  readonly #showMore = (): void => {
    this.shown += listLength;
  };
}

/** The loss at the last known step up to `step`. */
function lossBefore(curve: Curve, step: number): number | undefined {
  const later = curve.steps.findIndex((other) => step < other);
  return curve.losses[(later < 0 ? curve.steps.length : later) - 1];
}
