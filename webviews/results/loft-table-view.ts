/** The Table tab: the choices above the table, the table itself, what has to be said below it, and copies of it. */
import "@vscode-elements/elements/dist/vscode-button/index.js";
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { LoftResults, ResultRow } from "../../schemas/results.ts";
import { icon, iconStyles } from "../shared/icon.ts";
import { select } from "../shared/select.ts";
import { baseStyles } from "../shared/theme.ts";
import { type Differences, differencesOf } from "./differences.ts";
import { IntervalComputer } from "./interval-computer.ts";
import type { TableActions } from "./loft-results-table.ts";
import type { ResultsPage } from "./page.ts";
import type { CopyFormat, Metric, ResultsPageState, Split } from "./protocol.ts";
import { countsOf, matchingRows, resultsTable } from "./results-table.ts";
import { classifiersOf, hasOwnReferences } from "./row-classifiers.ts";
import { rowLabel } from "./row-label.ts";
import { setsTable } from "./sets-table.ts";
import type { Hits } from "./state.ts";
import { hasColumn, type Line, nextSort, sortLines, type TableModel } from "./table-model.ts";
import { tableNotes } from "./table-notes.ts";
import { tableText } from "./table-text.ts";
import { tableViewStyles } from "./table-view-styles.ts";
import { formatTexts, metricTexts, splitTexts, texts } from "./texts.ts";

const formats: readonly CopyFormat[] = ["markdown", "csv", "latex"];

/** A list of more missing runs is closed at first. */
const fewNotes = 3;

/** The option of a filter that lets all rows pass. */
const all = "";

export class LoftTableView extends LitElement {
  static override styles = [baseStyles, iconStyles, tableViewStyles];
  static override properties = {
    results: { attribute: false },
    view: { attribute: false },
    split: { attribute: false },
    hits: { attribute: false },
    reference: { attribute: false },
    isLive: { attribute: false },
    page: { attribute: false },
  };

  declare results: LoftResults;
  declare view: ResultsPageState;
  declare split: Split;
  declare hits: Hits;
  /** The row that differences are measured from. */
  declare reference: ResultRow | undefined;
  declare isLive: boolean;
  declare page: ResultsPage;
  #computer: IntervalComputer | undefined;
  readonly #actions: TableActions = {
    sort: (column, better) => this.#sortBy(column, better),
    hide: (id) => this.#setHidden([...this.view.hidden, id]),
    refer: (reference) => this.page.setView({ ...this.view, reference }),
  };

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#computer?.close();
    this.#computer = undefined;
  }

  protected override willUpdate(_changed: PropertyValues<this>): void {
    const { reference, hits } = this;
    const rows = hits.state === "known" ? hits.rows : undefined;
    const isWanted = rows !== undefined && reference !== undefined && reference.id !== this.results.reference;
    if (isWanted && this.#computer?.reference === reference && this.#computer.hits === rows) return;
    this.#computer?.close();
    this.#computer = isWanted
      ? new IntervalComputer(this.results.rows, { reference, hits: rows, changed: () => this.requestUpdate() })
      : undefined;
  }

  protected override render(): TemplateResult {
    const { results, view } = this;
    if (results.rows.length === 0) {
      return html`<p class="empty">${this.isLive || results.partial ? texts.noRows : texts.noRowsEver}</p>`;
    }
    const { metric } = this.#choice();
    const model = this.#model();
    // Another metric may not have the column.
    const sort = hasColumn(model, view.sort?.column) ? view.sort : undefined;
    const lines = sortLines(model, sort);
    const empty = metric === "sets" ? texts.noSets : texts.noneShown;
    return html`<div class="page">
      ${this.#toolbar(model, lines)}
      ${
        lines.length === 0
          ? html`<p class="empty">${empty}</p>`
          : html`<loft-results-table .model=${model} .lines=${lines} .sort=${sort} .references=${this.#differences()?.references ?? new Set()}
              .actions=${this.#actions} .areRows=${metric !== "sets"}></loft-results-table>`
      }
      ${this.#notes(model)}
      ${metric === "sets" ? nothing : this.#rowList()}
    </div>`;
  }

  /** Validation pictures were only counted right or wrong. */
  #choice(): { readonly metric: Metric; readonly split: Split } {
    const isOverDatasets = this.results.datasets !== undefined;
    const metric = isOverDatasets && this.view.metric !== "calibration" ? "accuracy" : this.view.metric;
    return { metric, split: metric === "accuracy" ? this.split : "test" };
  }

  #model(): TableModel {
    const { metric, split } = this.#choice();
    if (metric === "sets") return setsTable(this.results);
    return resultsTable(this.results, { metric, split, differences: this.#differences(), view: this.view });
  }

  #differences(): Differences | undefined {
    const { reference, results, hits } = this;
    if (reference === undefined && !hasOwnReferences(results)) return undefined;
    const computed = hits.state === "failed" ? undefined : (this.#computer?.found ?? new Map());
    return differencesOf(results, { reference, split: this.split, computed });
  }

  #toolbar(model: TableModel, lines: readonly Line[]): TemplateResult {
    const { view, results } = this;
    const { metric } = this.#choice();
    const setView = (change: Partial<ResultsPageState>) => this.page.setView({ ...view, ...change });
    // A table over several datasets has neither classes nor sets.
    const metrics: readonly Metric[] =
      results.datasets === undefined ? ["accuracy", "calibration", "classes", "sets"] : ["accuracy", "calibration"];
    const splits: readonly Split[] = ["test", "validation"];
    return html`<div class="toolbar">
      ${select(
        texts.metric,
        metrics,
        metric,
        (name) => metricTexts[name as Metric],
        (name) => setView({ metric: name as Metric }),
      )}
      ${
        metric === "accuracy" && results.dataset.validation !== null
          ? select(
              texts.split,
              splits,
              this.split,
              (name) => splitTexts[name as Split],
              (name) => setView({ split: name as Split }),
            )
          : nothing
      }
      ${metric === "sets" ? nothing : html`${this.#classifierSelect()}${this.#countSelect("shots")}${this.#countSelect("images")}`}
      ${metric === "accuracy" ? this.#referenceSelect() : nothing}
      <div class="copy" role="group" aria-label=${texts.copyAs}>
        <span class="quiet" aria-hidden="true">${icon("copy")} ${texts.copyAs}</span>
        ${formats.map(
          (format) => html`<button class="quiet-button" ?disabled=${lines.length === 0}
            @click=${() => this.#copy(format, { model, lines })}>${formatTexts[format]}</button>`,
        )}
      </div>
    </div>`;
  }

  #classifierSelect(): TemplateResult | typeof nothing {
    const names = classifiersOf(this.results.rows);
    if (names.length < 2) return nothing;
    const { classifier, ...rest } = this.view;
    return select(
      texts.classifierFilter,
      [all, ...names],
      classifier !== undefined && names.includes(classifier) ? classifier : all,
      (option) => (option === all ? texts.allClassifiers : option),
      (option) => this.page.setView(option === all ? rest : { ...rest, classifier: option }),
    );
  }

  /** Nothing to choose where all rows have one number. */
  #countSelect(name: "shots" | "images"): TemplateResult | typeof nothing {
    const { view, results } = this;
    const counts = countsOf(results.rows, name === "shots" ? "shots" : "imagesPerClass");
    if (counts.length < 2) return nothing;
    const [label, everything, text] =
      name === "shots"
        ? [texts.shotsFilter, texts.allShots, texts.shots]
        : [texts.imagesFilter, texts.allImages, texts.images];
    const { [name]: chosen, ...rest } = view;
    return select(
      label,
      [all, ...counts.map(String)],
      chosen !== undefined && counts.includes(chosen) ? String(chosen) : all,
      (option) => (option === all ? everything : text(Number(option))),
      (option) => this.page.setView(option === all ? rest : { ...rest, [name]: Number(option) }),
    );
  }

  #referenceSelect(): TemplateResult {
    const { rows } = this.results;
    const labels = new Map(rows.map((row) => [row.id, texts.against(rowLabel(row))]));
    const { reference } = this;
    const hasOwn = hasOwnReferences(this.results);
    const { reference: _chosen, ...rest } = this.view;
    return html`<span class="reference">${select(
      texts.referenceChoice,
      reference === undefined || hasOwn ? [all, ...labels.keys()] : [...labels.keys()],
      reference?.id ?? all,
      (id) => labels.get(id) ?? (hasOwn ? texts.ownReferences : texts.noReference),
      (id) => this.page.setView(id === all ? rest : { ...rest, reference: id }),
    )}</span>`;
  }

  #notes(model: TableModel): TemplateResult {
    const { metric, split } = this.#choice();
    const differences = metric === "accuracy" ? this.#differences() : undefined;
    const hasAnswers = this.hits.state !== "failed";
    const { notes, missing } = tableNotes(model, { metric, split, differences, hasAnswers });
    return html`
      ${
        missing.length === 0
          ? nothing
          : html`<details class="missing" ?open=${missing.length <= fewNotes}>
              <summary>${icon("warning")}<span>${texts.missingHead}</span></summary>
              <ul>${missing.map((text) => html`<li>${text}</li>`)}</ul></details>`
      }
      <ul class="notes quiet">${notes.map((text) => html`<li>${text}</li>`)}</ul>`;
  }

  #rowList(): TemplateResult {
    const { view } = this;
    const rows = matchingRows(this.results, view);
    const shown = rows.filter(({ id }) => !view.hidden.includes(id)).length;
    return html`<details class="rows">
      <summary>${texts.rowsShown(shown, rows.length)}</summary>
      <ul>${rows.map((row) => this.#rowChoice(row))}</ul>
      <vscode-button secondary ?disabled=${shown === rows.length} @click=${() => this.#setHidden([])}
        >${texts.showAll}</vscode-button>
    </details>`;
  }

  #rowChoice(row: ResultRow): TemplateResult {
    const { hidden } = this.view;
    const isShown = !hidden.includes(row.id);
    const toggle = () => this.#setHidden(isShown ? [...hidden, row.id] : hidden.filter((id) => id !== row.id));
    return html`<li><label><input type="checkbox" .checked=${isShown} @change=${toggle}>
      <span>${rowLabel(row)}</span></label></li>`;
  }

  #setHidden(hidden: readonly string[]): void {
    this.page.setView({ ...this.view, hidden });
  }

  #sortBy(column: string, better: "more" | "less" | "neither"): void {
    const { sort: before, ...rest } = this.view;
    const sort = nextSort(before, column, better);
    this.page.setView(sort === undefined ? rest : { ...rest, sort });
  }

  #copy(format: CopyFormat, table: { readonly model: TableModel; readonly lines: readonly Line[] }): void {
    this.page
      .request("copy", { format, text: tableText(format, table) })
      .then(() => this.page.say(texts.copied(format)))
      .catch((error) => this.page.report(error));
  }
}
