/** The Scaling tab: accuracy against real photos and against synthetic images, each as a plot and as its numbers. */
import { html, LitElement, nothing, svg, type TemplateResult } from "lit";
import type { LoftResults } from "../../schemas/results.ts";
import { select } from "../shared/select.ts";
import { baseStyles } from "../shared/theme.ts";
import { pointAt, pointText } from "./loft-scaling-chart.ts";
import type { ResultsPage } from "./page.ts";
import type { ResultsPageState, Split } from "./protocol.ts";
import { countsOf } from "./results-table.ts";
import { classifiersOf, resultsOfClassifier } from "./row-classifiers.ts";
import { imageScaling, type Scaling, type ScalingChoice, type Series, shotScaling } from "./scaling.ts";
import { scalingStyles } from "./scaling-styles.ts";
import { colorNames, seriesStyle, shapeCorners } from "./series-style.ts";
import { countText, percentText, splitTexts, texts } from "./texts.ts";

type Kind = ScalingChoice["kind"];
const kinds: readonly Kind[] = ["synthetic", "real+synthetic"];
const splits: readonly Split[] = ["test", "validation"];

export class LoftScaling extends LitElement {
  static override styles = [baseStyles, scalingStyles];
  static override properties = {
    results: { attribute: false },
    split: { attribute: false },
    view: { attribute: false },
    page: { attribute: false },
    kind: { state: true },
    shots: { state: true },
    images: { state: true },
  };

  declare results: LoftResults;
  declare split: Split;
  declare view: ResultsPageState;
  declare page: ResultsPage;
  /** The chosen kind of rows; the last that there is while nothing is chosen. */
  declare kind: Kind | undefined;
  /** The number that stands still in the other plot; the largest while nothing is chosen. */
  declare shots: number | undefined;
  declare images: number | undefined;

  protected override render(): TemplateResult {
    const results = resultsOfClassifier(this.results, this.#classifier());
    const { rows } = results;
    if (rows.every(({ runs }) => runs.length === 0)) return html`<p class="empty">${texts.noScaling}</p>`;
    const found = kinds.filter((kind) => rows.some((row) => row.kind === kind));
    const kind = found.find((each) => each === this.kind) ?? found.at(-1) ?? "synthetic";
    const [images, shots] = [this.#fixed("imagesPerClass", this.images), this.#fixed("shots", this.shots)];
    const choice = { split: this.split, kind };
    return html`<div class="page">
      <div class="toolbar">${this.#classifierSelect()}${this.#kindSelect(found, kind)}${this.#splitSelect()}<span class="quiet">${texts.band}</span></div>
      <div class="plots">
        ${this.#plot(shotScaling(results, { ...choice, fixed: images }), {
          title: texts.scaleShots,
          axis: texts.shotsAxis,
          hint: texts.oneShots,
          fixed: this.#fixedSelect("imagesPerClass", images),
        })}
        ${this.#plot(imageScaling(results, { ...choice, fixed: shots }), {
          title: texts.scaleImages,
          axis: texts.imagesAxis,
          hint: texts.oneImages,
          fixed: this.#fixedSelect("shots", shots),
        })}
      </div>
    </div>`;
  }

  #plot(scaling: Scaling, { title, axis, hint, fixed }: PlotTexts): TemplateResult {
    const isPlot = 2 <= scaling.stops.length;
    return html`<section>
      <div class="head"><h2>${title}</h2>${fixed}</div>
      ${
        isPlot
          ? html`<ul class="legend">${scaling.series.map((series) => html`<li>${sample(series)}${series.title}</li>`)}</ul>
            <loft-scaling-chart .scaling=${scaling} axis=${axis} summary=${summaryOf(title, scaling)}></loft-scaling-chart>
            <details><summary>${texts.numbers}</summary>${numbersTable(scaling, title, axis)}</details>`
          : html`<p class="hint quiet">${hint}</p>`
      }
    </section>`;
  }

  #kindSelect(found: readonly Kind[], kind: Kind): TemplateResult | typeof nothing {
    if (found.length < 2) return nothing;
    return html`<span class="wide">${select(
      texts.kindFilter,
      found,
      kind,
      (name) => texts.kindTexts[name as Kind],
      (name) => {
        this.kind = name as Kind;
      },
    )}</span>`;
  }

  /** Curves of several classifiers do not share a plot. */
  #classifier(): string | undefined {
    const names = classifiersOf(this.results.rows);
    return names.find((name) => name === this.view.classifier) ?? names[0];
  }

  #classifierSelect(): TemplateResult | typeof nothing {
    const names = classifiersOf(this.results.rows);
    const shown = this.#classifier();
    if (names.length < 2 || shown === undefined) return nothing;
    return select(
      texts.classifierFilter,
      names,
      shown,
      (name) => name,
      (classifier) => this.page.setView({ ...this.view, classifier }),
    );
  }

  #splitSelect(): TemplateResult | typeof nothing {
    if (this.results.dataset.validation === null) return nothing;
    return select(
      texts.split,
      splits,
      this.split,
      (name) => splitTexts[name as Split],
      (name) => this.page.setView({ ...this.view, split: name as Split }),
    );
  }

  #fixed(name: "shots" | "imagesPerClass", chosen: number | undefined): number | undefined {
    const counts = countsOf(this.results.rows, name);
    return chosen !== undefined && counts.includes(chosen) ? chosen : counts.at(-1);
  }

  #fixedSelect(name: "shots" | "imagesPerClass", fixed: number | undefined): TemplateResult | typeof nothing {
    const counts = countsOf(this.results.rows, name);
    if (fixed === undefined) return nothing;
    const [label, text] =
      name === "shots" ? [texts.shotsFilter, texts.fixedShots] : [texts.imagesFilter, texts.fixedImages];
    if (counts.length < 2) return html`<span class="quiet">${text(fixed)}</span>`;
    return select(
      label,
      counts.map(String),
      String(fixed),
      (count) => text(Number(count)),
      (count) => {
        if (name === "shots") this.shots = Number(count);
        else this.images = Number(count);
      },
    );
  }
}

type PlotTexts = {
  readonly title: string;
  readonly axis: string;
  /** In place of a plot of a single number. */
  readonly hint: string;
  readonly fixed: TemplateResult | typeof nothing;
};

/** A piece of the line as the plot draws it. */
function sample({ key, isConstant }: Series): TemplateResult {
  const { color, dash, width, shape, isFilled } = seriesStyle(key);
  const name = color === undefined ? "text" : (colorNames[color] ?? "text");
  const corners = shapeCorners(shape, 3.5).map(([x, y]) => `${(x + 20).toFixed(2)},${(y + 6).toFixed(2)}`);
  const filling = isFilled ? "filled" : "";
  const point =
    shape === "circle"
      ? svg`<circle class=${filling} cx="20" cy="6" r="3.5"></circle>`
      : svg`<polygon class=${filling} points=${corners.join(" ")}></polygon>`;
  return html`<svg class="sample ${name}" viewBox="0 0 40 12" width="40" height="12" aria-hidden="true">
    ${svg`<line x1="0" x2="40" y1="6" y2="6" stroke-width=${width} stroke-dasharray=${dash.join(" ") || "none"}></line>
      ${isConstant ? nothing : point}`}
  </svg>`;
}

function summaryOf(title: string, { series, stops }: Scaling): string {
  const parts = series.map(({ title: label, points, isConstant }) => {
    const [first, last] = [points[0], points.at(-1)];
    if (first === undefined || last === undefined) return "";
    const value = percentText(first.mean);
    if (isConstant) return texts.constantSummary(label, value);
    return texts.seriesSummary(label, countText(first.at), countText(last.at), value, percentText(last.mean));
  });
  return stops.length === 0 ? title : texts.chartSummary(title, parts);
}

function numbersTable({ stops, series }: Scaling, title: string, axis: string): TemplateResult {
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${title}>
    <table class="numbers">
      <caption class="unseen">${title}</caption>
      <thead><tr><th scope="col">${axis}</th>${series.map((each) => html`<th scope="col">${each.title}</th>`)}</tr></thead>
      <tbody>${stops.map(
        (stop) =>
          html`<tr><th scope="row">${countText(stop)}</th>${series.map((each) => {
            const point = pointAt(each, stop);
            return html`<td>${point === undefined ? "–" : pointText(point)}</td>`;
          })}</tr>`,
      )}</tbody>
    </table>
  </div>`;
}
