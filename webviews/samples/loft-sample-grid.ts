/**
 * The images of a run by class. Only the rows near the window's edge to edge exist as elements; keys move one focus
 * through all of them.
 */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Sample, SampleClass, Verdict } from "../../schemas/protocol.ts";
import { icon, iconStyles } from "../shared/icon.ts";
import { setStyle } from "../shared/set-style.ts";
import { baseStyles } from "../shared/theme.ts";
import { gridStyles } from "./grid-styles.ts";
import { fileUrl, tinySide } from "./page.ts";
import type { ShownGroup } from "./sample-lists.ts";
import { texts } from "./texts.ts";
import {
  fittingCell,
  type GridLayout,
  layoutGroups,
  type Move,
  movePlace,
  type Place,
  type PlacedGroup,
  type RowRange,
  rowExtent,
  rowsBetween,
  scrollToShow,
} from "./virtual-rows.ts";

const gap = 8;
const heading = 32;
/** Widths below this have smaller margins. */
const narrow = 320;

const moves: { readonly [key: string]: Move } = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
  Home: "row-start",
  End: "row-end",
  PageUp: "page-up",
  PageDown: "page-down",
};

/** What the grid tells its page. */
export type GridActions = {
  readonly select: (sample: Sample) => void;
  readonly open: (sample: Sample) => void;
  readonly judge: (sample: Sample, verdict: Verdict) => void;
};

export class LoftSampleGrid extends LitElement {
  static override styles = [baseStyles, iconStyles, gridStyles];
  static override properties = {
    groups: { attribute: false },
    classes: { attribute: false },
    base: { attribute: false },
    thumbnail: { type: Number },
    selected: { attribute: false },
    actions: { attribute: false },
    size: { state: true },
    rows: { state: true },
  };

  declare groups: readonly ShownGroup[];
  declare classes: readonly SampleClass[];
  declare base: string;
  declare thumbnail: number;
  declare selected: string | undefined;
  declare actions: GridActions;
  declare size: { readonly width: number; readonly height: number };
  /** Rows that exist as elements. */
  declare rows: readonly RowRange[];
  #layout: GridLayout = layoutGroups([], { width: 0, cell: 96, gap, heading, space: 0 });
  /** The image that has the tab stop. */
  #focus: Place = { group: 0, index: 0 };
  #isKeyMove = false;
  readonly #observer = new ResizeObserver(([entry]) => {
    const { width = 0, height = 0 } = entry?.contentRect ?? {};
    if (width !== this.size.width || height !== this.size.height) this.size = { width, height };
  });

  constructor() {
    super();
    this.groups = [];
    this.classes = [];
    this.thumbnail = 96;
    this.size = { width: 0, height: 0 };
    this.rows = [];
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#observer.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#observer.disconnect();
  }

  /** Bring the selected image into sight, and the keyboard to it. */
  focusSelected(): void {
    this.#isKeyMove = true;
    this.requestUpdate();
  }

  protected override willUpdate(changed: PropertyValues): void {
    const isPlaced = changed.has("groups") || changed.has("thumbnail") || changed.has("size");
    if (isPlaced) this.#layOut();
    if (isPlaced || changed.has("selected")) this.#followSelected(changed.has("selected"));
    this.rows = this.#rowsInSight();
  }

  protected override updated(): void {
    if (!this.#isKeyMove) return;
    this.#isKeyMove = false;
    this.renderRoot.querySelector<HTMLElement>('[role="gridcell"][tabindex="0"]')?.focus({ preventScroll: true });
  }

  protected override render(): TemplateResult {
    const { columns, ariaRows, height } = this.#layout;
    const cell = `${this.#layout.measures.cell}px`;
    return html`<div class="scroller" role="grid" tabindex="-1" aria-label=${texts.grid}
      aria-rowcount=${ariaRows} aria-colcount=${columns}
      ${setStyle({ "--cell": cell, "--gap": `${gap}px`, "--margin": `${this.#margin()}px` })}
      @scroll=${this.#onScroll} @keydown=${this.#onKey} @click=${this.#onClick} @focusin=${this.#onFocus}>
      <div class="content" role="presentation" ${setStyle({ height: `${height}px` })}>
        ${repeat(
          this.rows,
          (range) => this.groups[range.group]?.className,
          (range) => this.#group(range),
        )}
      </div>
    </div>`;
  }

  #group(range: RowRange): TemplateResult {
    const placed = this.#layout.groups[range.group] as PlacedGroup;
    const { className, samples, made } = this.groups[range.group] as ShownGroup;
    const facts = this.classes.find((entry) => entry.className === className);
    const rows = this.#rowNumbers(range);
    return html`<div class="group" role="rowgroup" ${setStyle({ top: `${placed.top}px`, height: `${placed.height}px` })}>
      <div class="heading" role="row" aria-rowindex=${placed.ariaRow}>
        <div role="rowheader" aria-colspan=${this.#layout.columns}>
          <strong>${className}</strong>
          <span class="quiet numbers">${texts.groupCount(samples.length, made, facts?.planned ?? 0)}</span>
        </div>
      </div>
      ${repeat(
        rows,
        (row) => row,
        (row) => this.#row(range.group, row, placed, samples),
      )}
    </div>`;
  }

  #row(group: number, row: number, placed: PlacedGroup, samples: readonly Sample[]): TemplateResult {
    const { columns } = this.#layout;
    const start = row * columns;
    const top = rowExtent(this.#layout, { group, index: start }).top - placed.top;
    return html`<div class="row" role="row" aria-rowindex=${placed.ariaRow + 1 + row} ${setStyle({ top: `${top}px` })}>
      ${samples.slice(start, start + columns).map((sample, column) => this.#cell({ group, index: start + column }, sample))}
    </div>`;
  }

  #cell(place: Place, sample: Sample): TemplateResult {
    const isFocus = place.group === this.#focus.group && place.index === this.#focus.index;
    const { verdict } = sample;
    return html`<div class="cell ${verdict ?? ""}" role="gridcell" tabindex=${isFocus ? 0 : -1}
      aria-colindex=${(place.index % this.#layout.columns) + 1} aria-selected=${sample.file === this.selected}
      aria-label=${texts.sampleLabel(sample)} title=${texts.sampleTitle(sample)} .place=${place}>
      <img class=${sample.side <= tinySide ? "pixels" : ""} src=${fileUrl(this.base, sample.file)} alt="" decoding="async"
        draggable="false" @error=${markMissing} @load=${markShown}>
      ${verdict === undefined ? nothing : html`<span class="mark">${icon(verdict === "keep" ? "check" : "close")}</span>`}
    </div>`;
  }

  /** Rows of a range and, wherever it is, the row of the tab stop, so that focus is never lost. */
  #rowNumbers({ group, first, end }: RowRange): readonly number[] {
    const rows = Array.from({ length: end - first }, (_, i) => first + i);
    const focusRow = Math.floor(this.#focus.index / this.#layout.columns);
    const isFar = group === this.#focus.group && (focusRow < first || end <= focusRow);
    if (!isFar || (this.#layout.groups[group]?.rows ?? 0) <= focusRow) return rows;
    return focusRow < first ? [focusRow, ...rows] : [...rows, focusRow];
  }

  #layOut(): void {
    const width = Math.max(0, this.size.width - 2 * this.#margin());
    const cell = fittingCell(width, this.thumbnail, gap);
    const groups = this.groups.map(({ className, samples }) => ({ key: className, count: samples.length }));
    const before = this.#layout;
    this.#layout = layoutGroups(groups, { width, cell, gap, heading, space: 8 });
    this.#holdPosition(before);
  }

  #margin(): number {
    return this.size.width < narrow ? 8 : 16;
  }

  /** When images come in above or the columns change, what is in sight stays in sight. */
  #holdPosition(before: GridLayout): void {
    const scroller = this.#scroller();
    if (scroller === null || scroller.scrollTop === 0) return;
    const top = scroller.scrollTop;
    const [range] = rowsBetween(before, top, top + 1);
    const old = range === undefined ? undefined : before.groups[range.group];
    const group = this.#layout.groups.findIndex(({ key }) => key === old?.key);
    if (range === undefined || old === undefined || group < 0) return;
    const isSameGrid = before.columns === this.#layout.columns && before.measures.cell === this.#layout.measures.cell;
    const place = { group, index: range.first * before.columns };
    const placed = this.#layout.groups[group] as PlacedGroup;
    const next = isSameGrid ? top + placed.top - old.top : rowExtent(this.#layout, place).top - heading;
    if (next === top) return;
    // The content has its new height only after rendering.
    void this.updateComplete.then(() => {
      scroller.scrollTop = next;
    });
  }

  #followSelected(isNew: boolean): void {
    const place = this.#placeOf(this.selected);
    if (place !== undefined) this.#focus = place;
    else if (this.#sampleAt(this.#focus) === undefined) this.#focus = movePlace(this.#layout, this.#focus, "first", 1);
    if (isNew && place !== undefined) void this.updateComplete.then(() => this.#show(place));
  }

  #placeOf(file: string | undefined): Place | undefined {
    if (file === undefined) return undefined;
    if (this.#sampleAt(this.#focus)?.file === file) return this.#focus;
    for (const [group, { samples }] of this.groups.entries()) {
      const index = samples.findIndex((sample) => sample.file === file);
      if (0 <= index) return { group, index };
    }
    return undefined;
  }

  #sampleAt({ group, index }: Place): Sample | undefined {
    return this.groups[group]?.samples[index];
  }

  #show(place: Place): void {
    const scroller = this.#scroller();
    if (scroller === null) return;
    const top = scrollToShow(this.#layout, place, scroller.scrollTop, this.size.height);
    if (top !== scroller.scrollTop) scroller.scrollTop = top;
  }

  #rowsInSight(): readonly RowRange[] {
    const top = this.#scroller()?.scrollTop ?? 0;
    const { height } = this.size;
    const ranges = rowsBetween(this.#layout, top - height, top + 2 * height);
    if (ranges.some(({ group }) => group === this.#focus.group) || this.#layout.groups.length <= this.#focus.group) {
      return ranges;
    }
    const focus = { group: this.#focus.group, first: 0, end: 0 };
    const isAbove = this.#focus.group < (ranges[0]?.group ?? 0);
    return isAbove ? [focus, ...ranges] : [...ranges, focus];
  }

  #scroller(): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>(".scroller");
  }

  readonly #onScroll = (): void => {
    if (!sameRanges(this.rows, this.#rowsInSight())) this.requestUpdate();
  };

  readonly #onClick = (event: Event): void => {
    const sample = this.#sampleOf(event);
    if (sample !== undefined) this.actions.open(sample);
  };

  /** A tab into the grid selects nothing; a key or a click does. */
  readonly #onFocus = (event: Event): void => {
    const place = placeOfEvent(event);
    if (place !== undefined) this.#focus = place;
  };

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.altKey || event.metaKey) return;
    const sample = this.#sampleAt(this.#focus);
    if (sample === undefined) return;
    if (event.key in moves) this.#move(moves[event.key] as Move, event.ctrlKey);
    else if (event.ctrlKey) return;
    else if (event.key === "Enter") this.actions.open(sample);
    else if (event.key === " ") this.actions.judge(sample, "keep");
    else if (event.key === "Delete" || event.key === "x") this.actions.judge(sample, "reject");
    else return;
    event.preventDefault();
  };

  #move(move: Move, isFar: boolean): void {
    const { cell } = this.#layout.measures;
    const pageRows = Math.floor((this.size.height - heading) / (cell + gap));
    const farMove = move === "row-start" ? "first" : move === "row-end" ? "last" : move;
    this.#focus = movePlace(this.#layout, this.#focus, isFar ? farMove : move, pageRows);
    this.#isKeyMove = true;
    const sample = this.#sampleAt(this.#focus);
    if (sample === undefined) return;
    this.#show(this.#focus);
    this.actions.select(sample);
    this.requestUpdate();
  }

  #sampleOf(event: Event): Sample | undefined {
    const place = placeOfEvent(event);
    return place === undefined ? undefined : this.#sampleAt(place);
  }
}

function placeOfEvent(event: Event): Place | undefined {
  const cell = (event.target as Element).closest<HTMLElement & { place?: Place }>('[role="gridcell"]');
  return cell?.place;
}

function sameRanges(a: readonly RowRange[], b: readonly RowRange[]): boolean {
  if (a.length !== b.length) return false;
  return a.every((range, i) => {
    const other = b[i];
    return range.group === other?.group && range.first === other.first && range.end === other.end;
  });
}

function markMissing(event: Event): void {
  (event.target as Element).parentElement?.classList.add("missing");
}

function markShown(event: Event): void {
  (event.target as Element).parentElement?.classList.remove("missing");
}
