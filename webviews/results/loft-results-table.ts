/** Draws a table: heads that sort, marks for the best, numbers that stand point under point, and small pictures of intervals. */
import { html, LitElement, nothing, svg, type TemplateResult } from "lit";
import { icon, iconStyles } from "../shared/icon.ts";
import { baseStyles } from "../shared/theme.ts";
import type { RowDifference } from "./differences.ts";
import {
  type Cell,
  type Column,
  groupLines,
  type Line,
  numberText,
  type Sort,
  type TableModel,
  titleKey,
  type ValueCell,
} from "./table-model.ts";
import { tableStyles } from "./table-styles.ts";
import { signedPercentText, texts } from "./texts.ts";

export type TableActions = {
  readonly sort: (column: string, better: Column["better"]) => void;
  readonly hide: (id: string) => void;
  /** Measure differences from this row. */
  readonly refer: (id: string) => void;
};

/** Width and height of an interval's picture. */
const picture = { width: 96, height: 14, margin: 3 };

/** With one for each of several datasets there is room for pictures of intervals in wide views only. */
const manyColumns = 7;

export class LoftResultsTable extends LitElement {
  static override styles = [baseStyles, iconStyles, tableStyles];
  static override properties = {
    model: { attribute: false },
    lines: { attribute: false },
    sort: { attribute: false },
    references: { attribute: false },
    areRows: { attribute: false },
    actions: { attribute: false },
  };

  declare model: TableModel;
  /** In the order they are shown. */
  declare lines: readonly Line[];
  declare sort: Sort | undefined;
  /** Ids of the lines that differences are measured from. */
  declare references: ReadonlySet<string>;
  /** The lines are rows of the evaluation: they can be hidden and referred to. */
  declare areRows: boolean;
  declare actions: TableActions;

  protected override render(): TemplateResult {
    const { caption, head, columns } = this.model;
    const groups = this.sort === undefined ? groupLines(this.lines) : [{ group: "", lines: this.lines }];
    const range = differenceRange(this.lines);
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${caption}>
      <table class="numbers ${manyColumns <= columns.length ? "many" : ""}">
        <caption class="unseen">${caption}</caption>
        <thead><tr>
          ${this.#head({ key: titleKey, title: head, unit: "count", better: "neither" })}
          ${columns.map((column) => this.#head(column))}
        </tr></thead>
        ${groups.map(
          ({ group, lines }) => html`<tbody>
            ${
              group === ""
                ? nothing
                : html`<tr class="group"><th scope="rowgroup" colspan=${columns.length + 1}><span>${group}</span></th></tr>`
            }
            ${lines.map((line) => this.#line(line, range))}
          </tbody>`,
        )}
      </table>
    </div>`;
  }

  #head({ key, title, about, better }: Column): TemplateResult {
    const isSorted = this.sort?.column === key;
    const order = isSorted ? (this.sort?.isFalling ? "descending" : "ascending") : "none";
    const less = better === "less" ? ` (${texts.lessIsBetter})` : "";
    return html`<th scope="col" aria-sort=${order}>
      <button title=${about === undefined ? texts.sortBy(title) : `${about}${less}`}
        @click=${() => this.actions.sort(key, better)}
        >${title}${isSorted ? icon(this.sort?.isFalling ? "down" : "up") : nothing}</button>
    </th>`;
  }

  #line(line: Line, range: Range): TemplateResult {
    const isReference = this.areRows && this.references.has(line.id);
    return html`<tr class=${isReference ? "reference" : ""}>
      <th scope="row"><span class="name">${line.title}</span>${this.areRows ? this.#rowActions(line) : nothing}</th>
      ${line.cells.map((cell, i) => this.#cell(cell, this.model.columns[i] as Column, range))}
    </tr>`;
  }

  /** For the mouse; the keyboard has the same in the choices around the table. */
  #rowActions({ id, label }: Line): TemplateResult {
    const { refer, hide } = this.actions;
    return html`<span class="actions" aria-hidden="true">
      <button class="quiet-button" tabindex="-1" title=${texts.referRow(label)} @click=${() => refer(id)}>${icon("target")}</button>
      <button class="quiet-button" tabindex="-1" title=${texts.hideRow(label)} @click=${() => hide(id)}>${icon("eye-closed")}</button>
    </span>`;
  }

  #cell(cell: Cell, { unit }: Column, range: Range): TemplateResult {
    switch (cell.type) {
      case "words":
        return html`<td class="words">${cell.text}</td>`;
      case "count":
        return countCell(cell);
      case "value":
        return this.#value(cell, unit);
      case "difference":
        return this.#difference(cell.difference, range);
      case "runs":
        return runsCell(cell);
    }
  }

  #value({ mean, std, rank, warning }: ValueCell, unit: Column["unit"]): TemplateResult {
    const hasSpread = this.lines.some(({ cells }) => cells.some((cell) => cell.type === "value" && cell.std !== null));
    const deviation = std === null ? nothing : html`± ${numberText(std, unit)}`;
    const spread = hasSpread ? html`<span class="spread">${deviation}</span>` : nothing;
    if (mean === null) return html`<td class="value"><span class="mean">${none()}</span> ${spread}</td>`;
    const mark = rank === "none" ? nothing : html`<span class="unseen">, ${texts[rank]}</span>`;
    const flag = warning === undefined ? nothing : icon("warning");
    return html`<td class="value flagged ${rank}" title=${warning ?? nothing}>${flag}<span class="mean">${numberText(mean, unit)}</span> ${spread}${mark}${
      warning === undefined ? nothing : html`<span class="unseen">, ${warning}</span>`
    }</td>`;
  }

  #difference(difference: Extract<Cell, { type: "difference" }>["difference"], range: Range): TemplateResult {
    if (difference === null) return html`<td class="difference">${none()}</td>`;
    if (difference === "reference" || difference === "waiting") {
      return html`<td class="difference"><span class="quiet">${texts[difference]}</span></td>`;
    }
    const middle = signedPercentText(difference.difference);
    if (difference.basis === "spread") {
      const std = difference.std === null ? nothing : html`± ${numberText(difference.std, "share")}`;
      return html`<td class="difference"><span class="mean">${middle}</span> <span class="spread">${std}</span></td>`;
    }
    const { low, high } = difference;
    const isClear = 0 < low || high < 0;
    return html`<td class="difference ${isClear ? "clear" : ""}"><div>
      ${intervalPicture(difference, range)}<span class="mean">${middle}</span>
      <span class="low">[${signedPercentText(low)},</span>
      <span class="high">${signedPercentText(high)}]</span>${
        isClear ? html`<span class="unseen">, ${texts.clear}</span>` : nothing
      }</div></td>`;
  }
}

type Range = { readonly low: number; readonly high: number };

/** What all pictures of intervals have in common: their ends, with 0 among them. */
function differenceRange(lines: readonly Line[]): Range {
  const intervals = lines.flatMap(({ cells }) => cells.flatMap((cell) => intervalOf(cell) ?? []));
  return {
    low: Math.min(0, ...intervals.map(({ low }) => low)),
    high: Math.max(0, ...intervals.map(({ high }) => high)),
  };
}

function intervalOf(cell: Cell): Extract<RowDifference, { basis: "interval" }> | undefined {
  if (cell.type !== "difference" || cell.difference === null || typeof cell.difference === "string") return undefined;
  return cell.difference.basis === "interval" ? cell.difference : undefined;
}

/** The interval as a line with its middle, over 0; the numbers stand beside it. */
function intervalPicture(interval: Range & { readonly difference: number }, range: Range): TemplateResult {
  const { width, height, margin } = picture;
  const length = range.high - range.low || 1;
  const place = (value: number) => margin + ((value - range.low) / length) * (width - 2 * margin);
  const middle = height / 2;
  return html`<svg class="interval" viewBox="0 0 ${width} ${height}" width=${width} height=${height} aria-hidden="true">
    ${svg`<line class="zero" x1=${place(0)} x2=${place(0)} y1="0" y2=${height}></line>
      <line class="reach" x1=${place(interval.low)} x2=${place(interval.high)} y1=${middle} y2=${middle}></line>
      <circle cx=${place(interval.difference)} cy=${middle} r="3"></circle>`}
  </svg>`;
}

function countCell({ count, warning }: Extract<Cell, { type: "count" }>): TemplateResult {
  if (count === null) return html`<td>${none()}</td>`;
  if (warning === undefined) return html`<td>${count}</td>`;
  return html`<td class="flagged" title=${warning}>${icon("warning")}${count}<span class="unseen">, ${warning}</span></td>`;
}

function runsCell({ done, missing }: Extract<Cell, { type: "runs" }>): TemplateResult {
  if (missing.length === 0) return html`<td>${done}</td>`;
  const reasons = [...new Set(missing.map(({ reason }) => reason))];
  return html`<td class="flagged" title=${texts.missingTitle(reasons)}>${icon("warning")}${texts.runsOf(done, done + missing.length)}</td>`;
}

function none(): TemplateResult {
  return html`<span class="quiet" aria-hidden="true">–</span><span class="unseen">${texts.unknown}</span>`;
}
