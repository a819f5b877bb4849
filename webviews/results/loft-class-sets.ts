/** The Sets tab: the real photos and each method's images of one class side by side, with the figures of each set. */
import "@vscode-elements/elements/dist/vscode-button/index.js";
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { LoftErrorData } from "../../schemas/protocol.ts";
import type { LoftResults, SetQuality } from "../../schemas/results.ts";
import { icon, iconStyles } from "../shared/icon.ts";
import { failureOf } from "../shared/requests.ts";
import { select } from "../shared/select.ts";
import { setStyle } from "../shared/set-style.ts";
import { baseStyles } from "../shared/theme.ts";
import { datasetFiles } from "./dataset-files.ts";
import type { ResultsPage } from "./page.ts";
import { pictureStyles } from "./picture-styles.ts";
import type { ClassSet, ResultsPageState, SetPicture } from "./protocol.ts";
import { setsColumns, setsGap } from "./sets-columns.ts";
import { setsStyles } from "./sets-styles.ts";
import { figures, leftOutCount } from "./sets-table.ts";
import { numberText } from "./table-model.ts";
import { methodTitle, texts } from "./texts.ts";

/** Pictures asked for at first, and how many more each time. */
const pageSize = 12;
const mostAsked = 192;

export class LoftClassSets extends LitElement {
  static override styles = [baseStyles, iconStyles, pictureStyles, setsStyles];
  static override properties = {
    results: { attribute: false },
    view: { attribute: false },
    page: { attribute: false },
    sets: { state: true },
    failure: { state: true },
    count: { state: true },
    width: { state: true },
  };

  declare results: LoftResults;
  declare view: ResultsPageState;
  declare page: ResultsPage;
  /** Undefined while they are asked for. */
  declare sets: readonly ClassSet[] | undefined;
  declare failure: LoftErrorData | undefined;
  /** Pictures asked for of each set. */
  declare count: number;
  /** That the sets have together, in px. */
  declare width: number;
  #question = "";
  readonly #observer = new ResizeObserver(([entry]) => {
    this.width = entry?.contentRect.width ?? this.width;
  });

  constructor() {
    super();
    this.count = pageSize;
    this.width = 0;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.requestUpdate();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#observer.disconnect();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const { classes } = this.results.dataset;
    const index = this.#classIndex();
    if (changed.has("view") && changed.get("view")?.className !== this.view.className) this.count = pageSize;
    const images = this.results.sets.map(({ method, images }) => `${method} ${images}`).join();
    const question = `${classes[index]}\n${this.count}\n${images}`;
    if (question === this.#question || classes.length === 0) return;
    this.#question = question;
    void this.#load(question, index);
  }

  protected override updated(): void {
    // As wide as the sets, and not as high: what is observed must not change with what follows from it.
    const toolbar = this.renderRoot.querySelector(".toolbar");
    if (toolbar !== null) this.#observer.observe(toolbar);
  }

  protected override render(): TemplateResult {
    const { classes } = this.results.dataset;
    if (classes.length === 0) return datasetFiles(this.results, texts.noSets);
    return html`<div class="page">
      <div class="toolbar">${select(
        texts.classChoice,
        classes,
        classes[this.#classIndex()] ?? "",
        (name) => name,
        (className) => this.page.setView({ ...this.view, className }),
      )}<span class="quiet">${this.results.sets.length === 0 ? texts.noSets : texts.figuresAbout}</span></div>
      ${this.#body()}
    </div>`;
  }

  #body(): TemplateResult {
    const { failure, sets } = this;
    if (failure !== undefined) {
      // The figures need no pictures.
      const known: readonly (string | null)[] = this.results.sets.map(({ method }) => method);
      return html`<p role="alert">${failure.what} ${failure.fix}</p>
        ${this.#sideBySide(known.map((method) => ({ method, total: 0, pictures: [] })))}`;
    }
    if (sets === undefined) return html`<p class="quiet" role="status">${texts.loadingSets}</p>`;
    const left = sets.some(({ total, pictures }) => pictures.length < total) && this.count < mostAsked;
    return html`${this.#sideBySide(sets)}
      ${left ? html`<vscode-button secondary @click=${this.#more}>${texts.more(pageSize)}</vscode-button>` : nothing}`;
  }

  #sideBySide(sets: readonly ClassSet[]): TemplateResult {
    const { columns, isFirstAlone } = setsColumns(sets.length, this.width);
    return html`<div class="sets ${isFirstAlone ? "first-alone" : ""}"
      ${setStyle({ "--columns": `${columns}`, "--gap": `${setsGap}px` })}>${sets.map((set) => this.#set(set))}</div>`;
  }

  #set({ method, total, pictures }: ClassSet): TemplateResult {
    const quality = this.results.sets.find((each) => each.method === method);
    const title = method === null ? texts.realPhotos : methodTitle(method);
    return html`<section>
      <div>
        <h2>${title}</h2>
        ${total === 0 ? nothing : html`<p class="quiet numbers">${texts.setCount(pictures.length, total)}</p>`}
      </div>
      <div>${
        total === 0
          ? this.failure === undefined
            ? html`<p class="quiet">${texts.emptySet}</p>`
            : nothing
          : html`<ul class="pictures">${pictures.map((picture) => this.#picture(picture, quality))}</ul>`
      }</div>
      <div class="about">${
        quality === undefined
          ? nothing
          : html`${this.#quality(quality)}${this.#duplicates(quality)}${this.#leftOut(quality)}`
      }</div>
    </section>`;
  }

  #picture({ uri, name }: SetPicture, quality: SetQuality | undefined): TemplateResult {
    const copy = quality?.copies.images.find(({ file }) => file === name);
    const mark = copy === undefined ? "" : texts.copyOf(copy.photo, copy.cosine);
    const label = [texts.openPicture(name), ...(mark === "" ? [] : [mark])].join(", ");
    return html`<li><button class="frame ${copy === undefined ? "" : "copy"}" title=${mark === "" ? name : `${name}\n${mark}`}
      aria-label=${label} @click=${() => this.#open(uri)}><img src=${uri} alt="" loading="lazy" decoding="async">${
        copy === undefined ? nothing : html`<span class="mark">${icon("copy")}</span>`
      }</button></li>`;
  }

  #quality(quality: SetQuality): TemplateResult {
    const { copies } = quality;
    return html`<dl class="figures numbers">
        ${figures.map((figure) => {
          const value = figure.of(quality);
          return html`<div title=${figure.about ?? ""}><dt>${figure.title}</dt>
            <dd>${value === null ? "–" : numberText(value, figure.unit)}</dd></div>`;
        })}
      </dl>
      ${
        copies.images.length === 0
          ? html`<p class="quiet">${icon("check")} ${texts.noCopies}</p>`
          : html`<details class="copies"><summary>${icon("warning")}<span>${texts.copiesOf(copies.images.length)}
                (${texts.copiesThreshold(copies.threshold)}, ${texts.allClasses})</span></summary>
              <ul>${copies.images.map(({ file, photo, cosine }) => {
                return html`<li>${file}: ${texts.copyOf(photo, cosine)}</li>`;
              })}</ul></details>`
      }`;
  }

  #duplicates({ duplicates }: SetQuality): TemplateResult | typeof nothing {
    if (duplicates === undefined || duplicates.groups.length === 0) return nothing;
    const { groups, threshold } = duplicates;
    return html`<details><summary>${texts.duplicateGroups(groups.length, threshold)}</summary>
      <ul>${groups.map((files) => html`<li>${files.join(", ")}</li>`)}</ul></details>`;
  }

  #leftOut({ leftOut = [] }: SetQuality): TemplateResult | typeof nothing {
    const count = leftOut.reduce((sum, each) => sum + leftOutCount(each), 0);
    if (count === 0) return nothing;
    return html`<details><summary>${texts.leftOutOf(count)}</summary>
      <ul>${leftOut.map((each) => html`<li>${texts.leftOutRule(each.rule, each.threshold, leftOutCount(each))}</li>`)}</ul>
      </details>`;
  }

  #classIndex(): number {
    return Math.max(0, this.results.dataset.classes.indexOf(this.view.className ?? ""));
  }

  async #load(question: string, classIndex: number): Promise<void> {
    try {
      const { sets } = await this.page.request("sets", { classIndex, count: this.count });
      if (question !== this.#question) return;
      this.sets = sets;
      this.failure = undefined;
    } catch (error) {
      if (question === this.#question) this.failure = failureOf(error);
    }
  }

  readonly #more = (): void => {
    this.count = Math.min(mostAsked, this.count + pageSize);
  };

  #open(uri: string): void {
    this.page.request("openImage", { uri }).catch((error) => this.page.report(error));
  }
}
