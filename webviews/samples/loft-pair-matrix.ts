/** Every pair of a class's photos as a matrix of samples; the chosen cell is shown large, with a slider for its weights. */
import "@vscode-elements/elements/dist/vscode-button/index.js";
import "@vscode-elements/elements/dist/vscode-textfield/index.js";
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { PhotoAdapter, SampleClass } from "../../schemas/protocol.ts";
import { icon, iconStyles } from "../shared/icon.ts";
import { setStyle } from "../shared/set-style.ts";
import { baseStyles } from "../shared/theme.ts";
import { fileUrl, type Page, tinySide } from "./page.ts";
import { type Cell, cellKey, evenWeight, isMade, pairKey, rowWeight, wishesToFill, wishFor } from "./pair-cells.ts";
import { PairSampler } from "./pair-sampler.ts";
import { pairStyles } from "./pair-styles.ts";
import { texts, weightText } from "./texts.ts";

/** Photos shown at once; larger classes are shown a part at a time. */
const mostShown = 12;

const largestSeed = 2 ** 32;

export class LoftPairMatrix extends LitElement {
  static override styles = [baseStyles, iconStyles, pairStyles];
  static override properties = {
    shownClass: { attribute: false },
    base: { attribute: false },
    page: { attribute: false },
    seed: { state: true },
    cell: { state: true },
    first: { state: true },
  };

  declare shownClass: SampleClass;
  declare base: string;
  declare page: Page;
  declare seed: number;
  /** The chosen cell. */
  declare cell: Cell;
  /** Number of the first photo in sight. */
  declare first: number;
  readonly #weights = new Map<string, number>();
  #sampler: PairSampler | undefined;
  #isKeyMove = false;

  constructor() {
    super();
    this.seed = 0;
    this.cell = { row: 0, column: 0 };
    this.first = 0;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#sampler?.close();
    this.#sampler = undefined;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get("shownClass");
    if (before !== undefined && adapterIds(before) !== adapterIds(this.shownClass)) this.#startAnew();
    this.#sampler ??= new PairSampler(this.shownClass.className, this.shownClass.photos, this.page, () => {
      this.requestUpdate();
    });
  }

  protected override updated(): void {
    if (!this.#isKeyMove) return;
    this.#isKeyMove = false;
    this.renderRoot.querySelector<HTMLElement>('[role="gridcell"][tabindex="0"]')?.focus();
  }

  protected override render(): TemplateResult {
    const { photos, className } = this.shownClass;
    if (photos.length === 0) return html`<p class="empty">${texts.noPhotos}</p>`;
    const numbers = this.#numbers();
    return html`<div class="page">
      <p class="quiet">${texts.matrixHint}</p>
      ${this.#bar(numbers)}
      <div class="sides">
        <div class="matrix" role="grid" aria-label=${texts.matrix(className)} ${setStyle({ "--count": `${numbers.length}` })}
          @keydown=${this.#onKey}>
          <div class="row heads" role="row">
            <span class="head" role="columnheader"><span class="unseen">${texts.parents}</span></span>
            ${numbers.map((number) => this.#head(number, "columnheader"))}
          </div>
          ${numbers.map(
            (row) => html`<div class="row" role="row">
              ${this.#head(row, "rowheader")}${numbers.map((column) => this.#cell({ row, column }))}
            </div>`,
          )}
        </div>
        ${this.#pair()}
      </div>
    </div>`;
  }

  #bar(numbers: readonly number[]): TemplateResult {
    const left = this.#sampler?.fillLeft ?? 0;
    const total = this.#sampler?.fillTotal ?? 0;
    return html`<div class="bar">
      ${
        left === 0
          ? html`<vscode-button class="fill" @click=${() => this.#fill(numbers)}
              >${icon("run-all", "content-before")}${texts.fillAll}</vscode-button>`
          : html`<vscode-button secondary class="fill" @click=${() => this.#sampler?.stopFilling()}
                >${icon("stop", "content-before")}${texts.stopFilling}</vscode-button>
              <span class="numbers">${texts.filling(total - left, total)}</span>`
      }
      <label><span aria-hidden="true">${texts.seed}</span>
        <vscode-textfield type="number" min="0" step="1" .label=${texts.seed} .value=${String(this.seed)}
          @change=${this.#onSeed}></vscode-textfield></label>
      <vscode-button secondary @click=${() => this.#setSeed(Math.floor(Math.random() * 1_000_000))}
        >${texts.newSeed}</vscode-button>
      ${this.#pager(numbers)}
    </div>`;
  }

  #pager(numbers: readonly number[]): TemplateResult | typeof nothing {
    const all = this.shownClass.photos.length;
    if (all <= mostShown) return nothing;
    const go = (by: number) => () => {
      this.first = Math.min(Math.max(0, this.first + by), all - 1);
      this.cell = { row: this.first, column: this.first };
    };
    return html`<span>
      <button class="quiet-button" title=${texts.earlierPhotos} aria-label=${texts.earlierPhotos}
        ?disabled=${this.first === 0} @click=${go(-mostShown)}>${icon("chevron-left")}</button>
      <span class="numbers">${texts.photosShown(this.first + 1, this.first + numbers.length, all)}</span>
      <button class="quiet-button" title=${texts.laterPhotos} aria-label=${texts.laterPhotos}
        ?disabled=${all <= this.first + mostShown} @click=${go(mostShown)}>${icon("chevron-right")}</button>
    </span>`;
  }

  #head(number: number, role: "rowheader" | "columnheader"): TemplateResult {
    const { photo, photoFile } = this.#photo(number);
    return html`<span class="head" role=${role} title=${photo}>
      <img class="pixels" src=${fileUrl(this.base, photoFile)} alt=${photo}></span>`;
  }

  #cell(cell: Cell): TemplateResult {
    const key = cellKey(cell);
    const result = this.#sampler?.results.get(key);
    const isWaiting = this.#sampler?.isWaiting(key) ?? false;
    const isChosen = cell.row === this.cell.row && cell.column === this.cell.column;
    const isCurrent = isMade(result, this.#wish(cell));
    return html`<div class="cell ${result?.state === "made" && !isCurrent ? "old" : ""}" role="gridcell"
      tabindex=${isChosen ? 0 : -1} aria-selected=${isChosen} aria-disabled=${!this.#isTrained(cell)}
      aria-label=${texts.cellLabel(this.#photo(cell.row).photo, this.#photo(cell.column).photo, this.#stateText(cell))}
      title=${texts.cellLabel(this.#photo(cell.row).photo, this.#photo(cell.column).photo, this.#stateText(cell))}
      @click=${() => this.#choose(cell)}>
      ${
        result?.state === "made"
          ? html`<img class=${result.side <= tinySide ? "pixels" : ""} src=${result.url} alt="">`
          : nothing
      }
      ${isWaiting ? icon("running") : result?.state === "failed" ? icon("error") : nothing}
    </div>`;
  }

  #stateText(cell: Cell): string {
    if (!this.#isTrained(cell)) return texts.notTrained;
    const key = cellKey(cell);
    if (this.#sampler?.isWaiting(key)) return texts.cellWaiting;
    const result = this.#sampler?.results.get(key);
    if (result?.state === "failed") return texts.cellFailed;
    return isMade(result, this.#wish(cell)) ? texts.cellMade(this.#weightOfRow(cell)) : texts.cellEmpty;
  }

  #pair(): TemplateResult {
    const { cell } = this;
    const result = this.#sampler?.results.get(cellKey(cell));
    const isAlone = cell.row === cell.column;
    const names = isAlone ? [cell.row] : [cell.row, cell.column];
    const weight = this.#weightOfRow(cell);
    return html`<section class="pair" aria-label=${texts.selectedPair}>
      <div class="picture">
        ${
          result?.state === "made"
            ? html`<img class=${result.side <= tinySide ? "pixels" : ""} src=${result.url}
                alt=${names.map((number) => this.#photo(number).photo).join(" + ")}>`
            : html`<span>${this.#stateText(cell)}</span>`
        }
      </div>
      <ul class="photos">${names.map((number, i) => this.#photoRow(number, i === 0 ? weight : 1 - weight))}</ul>
      ${isAlone ? html`<p class="quiet">${texts.oneAdapter}</p>` : this.#slider(cell, weight)}
      <div><vscode-button secondary ?disabled=${!this.#isTrained(cell)} @click=${() => this.#make(cell)}
        >${result === undefined ? texts.make : texts.makeAgain}</vscode-button></div>
      <p class="told" role="status">
        ${result?.state === "made" ? texts.madeIn(result.seconds) : nothing}
        ${result?.state === "failed" ? html`<span class="failed">${result.what} ${result.fix}</span>` : nothing}
      </p>
    </section>`;
  }

  #photoRow(number: number, weight: number): TemplateResult {
    const { photo, photoFile } = this.#photo(number);
    return html`<li><img class="pixels" src=${fileUrl(this.base, photoFile)} alt="">
      <span class="name" title=${photo}>${photo}</span><span class="numbers">${weightText(weight)}</span></li>`;
  }

  #slider(cell: Cell, weight: number): TemplateResult {
    return html`<label class="slider">
      <span class="unseen">${texts.weightOf(this.#photo(cell.row).photo)}</span>
      <input type="range" min="0" max="1" step="0.05" .value=${String(weight)} aria-valuetext=${weightText(weight)}
        ?disabled=${!this.#isTrained(cell)} @input=${this.#onWeight}>
    </label>`;
  }

  #numbers(): readonly number[] {
    const all = this.shownClass.photos.length;
    return Array.from({ length: Math.min(mostShown, all - this.first) }, (_, i) => this.first + i);
  }

  #photo(number: number): PhotoAdapter {
    return this.shownClass.photos[number] ?? { adapterId: "", photo: "", photoFile: "", trained: false };
  }

  #isTrained({ row, column }: Cell): boolean {
    return this.#photo(row).trained && this.#photo(column).trained;
  }

  #weightOfRow(cell: Cell): number {
    if (cell.row === cell.column) return 1;
    return rowWeight(cell, this.#weights.get(cellKey(cell)) ?? evenWeight);
  }

  #wish(cell: Cell) {
    return wishFor(cell, this.#weightOfRow(cell), this.seed);
  }

  /** Choosing a cell that is not made makes it. */
  #choose(cell: Cell): void {
    this.cell = cell;
    this.#isKeyMove = true;
    if (!isMade(this.#sampler?.results.get(cellKey(cell)), this.#wish(cell))) this.#make(cell);
  }

  #make(cell: Cell): void {
    if (this.#isTrained(cell)) this.#sampler?.ask(this.#wish(cell));
  }

  #fill(numbers: readonly number[]): void {
    const sampler = this.#sampler;
    const options = { seed: this.seed, weights: this.#weights };
    sampler?.fill(wishesToFill(numbers, this.shownClass.photos, sampler.results, options));
  }

  #setSeed(seed: number): void {
    this.seed = seed;
    this.#sampler?.stopFilling();
    this.#make(this.cell);
  }

  #startAnew(): void {
    this.#sampler?.close();
    this.#sampler = undefined;
    this.#weights.clear();
    this.cell = { row: 0, column: 0 };
    this.first = 0;
  }

  readonly #onWeight = (event: Event): void => {
    const weight = Number((event.target as HTMLInputElement).value);
    const { low, high, weight: lowWeight } = wishFor(this.cell, weight, this.seed);
    this.#weights.set(pairKey(low, high), lowWeight);
    this.#make(this.cell);
    this.requestUpdate();
  };

  readonly #onSeed = (event: Event): void => {
    const seed = Math.floor(Number((event.target as HTMLInputElement).value));
    if (Number.isFinite(seed) && 0 <= seed && seed < largestSeed) this.#setSeed(seed);
    else this.requestUpdate("seed");
  };

  readonly #onKey = (event: KeyboardEvent): void => {
    const last = this.first + this.#numbers().length - 1;
    const to = (row: number, column: number) => ({
      row: within(row, this.first, last),
      column: within(column, this.first, last),
    });
    const { row, column } = this.cell;
    const cells: { readonly [key: string]: Cell } = {
      ArrowUp: to(row - 1, column),
      ArrowDown: to(row + 1, column),
      ArrowLeft: to(row, column - 1),
      ArrowRight: to(row, column + 1),
      Home: to(event.ctrlKey ? this.first : row, this.first),
      End: to(event.ctrlKey ? last : row, last),
    };
    const next = cells[event.key];
    if (event.key === "Enter" || event.key === " ") this.#choose(this.cell);
    else if (next === undefined) return;
    else {
      this.cell = next;
      this.#isKeyMove = true;
    }
    event.preventDefault();
  };
}

function adapterIds({ className, photos }: SampleClass): string {
  return [className, ...photos.map(({ adapterId }) => adapterId)].join("\n");
}

function within(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
