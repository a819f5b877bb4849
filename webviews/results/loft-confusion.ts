/** The Confusion tab: which class a row's trainings took for which, as a grid for keys and pointers, and the pictures. */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import type { LoftResults, ResultRow } from "../../schemas/results.ts";
import { iconStyles } from "../shared/icon.ts";
import { select } from "../shared/select.ts";
import { setStyle } from "../shared/set-style.ts";
import { baseStyles } from "../shared/theme.ts";
import { type ConfusionCell, confusedPairs, countAt, movedCell, rowTotal, shareAt } from "./confusion-cells.ts";
import { confusionStyles } from "./confusion-styles.ts";
import { datasetFiles } from "./dataset-files.ts";
import type { ResultsPage } from "./page.ts";
import type { ResultsPageState } from "./protocol.ts";
import { rowLabel } from "./row-label.ts";
import { countText, texts, wholePercentText } from "./texts.ts";

/** Larger matrices are neither read nor quickly drawn. */
const mostClasses = 60;

/** Names of so few classes have room above their columns. */
const fewClasses = 8;

/** Length of the list of confused pairs. */
const mostPairs = 10;

export class LoftConfusion extends LitElement {
  static override styles = [baseStyles, iconStyles, confusionStyles];
  static override properties = {
    results: { attribute: false },
    view: { attribute: false },
    row: { attribute: false },
    page: { attribute: false },
  };

  declare results: LoftResults;
  declare view: ResultsPageState;
  /** The row shown; undefined while none has answers. */
  declare row: ResultRow | undefined;
  declare page: ResultsPage;
  /** The cell that has the tab stop. */
  #stop: ConfusionCell = { label: 0, predicted: 0 };
  #isKeyMove = false;

  protected override willUpdate(): void {
    const { cell } = this.view;
    if (cell !== undefined && !this.#isKeyMove && this.#isThere(cell)) this.#stop = cell;
    if (!this.#isThere(this.#stop)) this.#stop = { label: 0, predicted: 0 };
  }

  protected override updated(): void {
    if (!this.#isKeyMove) return;
    this.#isKeyMove = false;
    this.renderRoot.querySelector<HTMLElement>('[role="gridcell"][tabindex="0"]')?.focus();
  }

  protected override render(): TemplateResult {
    const { row } = this;
    const { classes } = this.results.dataset;
    if (row === undefined) return datasetFiles(this.results, texts.noConfusion);
    return html`<div class="page">
      <div class="toolbar">${this.#rowSelect(row)}</div>
      <p class="quiet">${classes.length <= mostClasses ? texts.confusionHint : texts.tooManyClasses(classes.length)}</p>
      <div class="sides">
        ${classes.length <= mostClasses ? this.#grid(row, classes) : nothing}
        <div class="beside">
          ${this.#pictures(row, classes)}
          ${this.#pairs(row, classes)}
        </div>
      </div>
    </div>`;
  }

  #rowSelect(row: ResultRow): TemplateResult {
    const rows = this.results.rows.filter(({ runs, confusion }) => 0 < runs.length && 0 < confusion.length);
    const labels = new Map(rows.map((each) => [each.id, rowLabel(each)]));
    return select(
      texts.confusionRow,
      [...labels.keys()],
      row.id,
      (id) => labels.get(id) ?? id,
      (id) => this.page.setView({ ...this.view, row: id }),
    );
  }

  #grid(row: ResultRow, classes: readonly string[]): TemplateResult {
    return html`<div class="scroll"><div class="matrix ${classes.length <= fewClasses ? "few" : ""}" role="grid" aria-label=${texts.confusionGrid(rowLabel(row))}
      ${setStyle({ "--count": `${classes.length}` })} @keydown=${this.#onKey}>
      <div class="row heads" role="row">
        <span class="corner" role="columnheader"><span class="unseen">${texts.trueClass}</span></span>
        ${classes.map((name) => html`<span class="head" role="columnheader" title=${name}><span>${name}</span></span>`)}
      </div>
      ${classes.map(
        (name, label) => html`<div class="row" role="row">
          <span class="name" role="rowheader" title=${name}><span>${name}</span></span>
          ${classes.map((_, predicted) => this.#cell(row, { label, predicted }))}
        </div>`,
      )}
    </div></div>`;
  }

  #cell({ confusion }: ResultRow, cell: ConfusionCell): TemplateResult {
    const { classes } = this.results.dataset;
    const count = countAt(confusion, cell);
    const share = shareAt(confusion, cell);
    const isChosen = isSame(cell, this.view.cell);
    const label = texts.cellLabel(classes[cell.label] ?? "", classes[cell.predicted] ?? "", count, share);
    return html`<span class="cell ${cell.label === cell.predicted ? "right" : ""}" role="gridcell"
      tabindex=${isSame(cell, this.#stop) ? 0 : -1} aria-selected=${isChosen} aria-label=${label} title=${label}
      ${setStyle({ "--share": share.toFixed(3) })} @click=${() => this.#choose(cell)}
      >${count === 0 ? nothing : countText(count)}</span>`;
  }

  #pictures(row: ResultRow, classes: readonly string[]): TemplateResult {
    const { cell } = this.view;
    if (cell === undefined || !this.#isThere(cell)) return html`<p class="quiet">${texts.chooseCell}</p>`;
    const [truth, answer] = [classes[cell.label] ?? "", classes[cell.predicted] ?? ""];
    const [count, all] = [countAt(row.confusion, cell), rowTotal(row.confusion, cell.label)];
    return html`<section aria-label=${texts.pictures}>
      <h2>${texts.cellTitle(truth, answer)}</h2>
      <p class="quiet numbers">${texts.cellCount(count, all)}</p>
      ${
        count === 0
          ? html`<p class="quiet">${texts.noPictures}</p>`
          : html`<loft-judged-pictures .row=${row} .cell=${cell} .page=${this.page}></loft-judged-pictures>`
      }
    </section>`;
  }

  #pairs(row: ResultRow, classes: readonly string[]): TemplateResult | typeof nothing {
    const pairs = confusedPairs(row.confusion, mostPairs);
    if (pairs.length === 0) return nothing;
    return html`<section>
      <h2>${texts.mostConfused}</h2>
      <ul class="pairs">${pairs.map((pair) => {
        const text = texts.confusedPair(classes[pair.label] ?? "", classes[pair.predicted] ?? "");
        return html`<li><button class="quiet-button" aria-pressed=${isSame(pair, this.view.cell)}
          @click=${() => this.#choose(pair)}><span class="pair">${text}</span
          ><span class="numbers">${countText(pair.count)}</span
          ><span class="share numbers quiet">${wholePercentText(pair.share)}</span></button></li>`;
      })}</ul>
    </section>`;
  }

  #isThere({ label, predicted }: ConfusionCell): boolean {
    const { length } = this.results.dataset.classes;
    return label < length && predicted < length;
  }

  #choose({ label, predicted }: ConfusionCell): void {
    this.#stop = { label, predicted };
    this.page.setView({ ...this.view, ...(this.row === undefined ? {} : { row: this.row.id }), cell: this.#stop });
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    const isChoice = event.key === "Enter" || event.key === " ";
    const classes = this.results.dataset.classes.length;
    const next = movedCell(this.#stop, { key: event.key, isFar: event.ctrlKey || event.metaKey, classes });
    if (next === undefined && !isChoice) return;
    event.preventDefault();
    this.#isKeyMove = true;
    if (isChoice) this.#choose(this.#stop);
    if (next !== undefined) this.#stop = next;
    this.requestUpdate();
  };
}

function isSame(cell: ConfusionCell, other: ConfusionCell | undefined): boolean {
  return cell.label === other?.label && cell.predicted === other.predicted;
}
