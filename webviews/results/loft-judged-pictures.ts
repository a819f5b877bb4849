/** The test pictures of one cell of the confusion matrix: asked for when it is chosen, some at a time. */
import "@vscode-elements/elements/dist/vscode-button/index.js";
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { LoftErrorData } from "../../schemas/protocol.ts";
import type { ResultRow } from "../../schemas/results.ts";
import { icon, iconStyles } from "../shared/icon.ts";
import { failureOf } from "../shared/requests.ts";
import { baseStyles } from "../shared/theme.ts";
import type { ConfusionCell } from "./confusion-cells.ts";
import type { ResultsPage } from "./page.ts";
import { pictureStyles } from "./picture-styles.ts";
import type { JudgedPicture } from "./protocol.ts";
import { texts } from "./texts.ts";

/** Pictures asked for at once. */
const pageSize = 24;

export class LoftJudgedPictures extends LitElement {
  static override styles = [baseStyles, iconStyles, pictureStyles];
  static override properties = {
    row: { attribute: false },
    cell: { attribute: false },
    page: { attribute: false },
    pictures: { state: true },
    total: { state: true },
    failure: { state: true },
  };

  declare row: ResultRow;
  declare cell: ConfusionCell;
  declare page: ResultsPage;
  declare pictures: readonly JudgedPicture[];
  /** Undefined while it is not known. */
  declare total: number | undefined;
  declare failure: LoftErrorData | undefined;
  /** What the pictures are of; an answer to another question is dropped. */
  #question = "";

  constructor() {
    super();
    this.pictures = [];
  }

  protected override willUpdate(_changed: PropertyValues<this>): void {
    const { row, cell } = this;
    const runs = row.runs.map(({ seed, task }) => `${seed} ${task}`).join();
    const question = `${row.id}\n${cell.label}\n${cell.predicted}\n${runs}`;
    if (question === this.#question) return;
    this.#question = question;
    this.pictures = [];
    this.total = undefined;
    void this.#load();
  }

  protected override render(): TemplateResult {
    const { failure, total, pictures } = this;
    if (failure !== undefined) return html`<p role="alert">${failure.what} ${failure.fix}</p>`;
    if (total === undefined) return html`<p class="quiet" role="status">${texts.loadingPictures}</p>`;
    if (total === 0) return html`<p class="quiet">${texts.noPictures}</p>`;
    const left = total - pictures.length;
    return html`<ul class="pictures">${pictures.map((picture) => this.#picture(picture))}</ul>
      ${
        0 < left
          ? html`<vscode-button secondary @click=${this.#load}>${texts.more(Math.min(left, pageSize))}</vscode-button>`
          : nothing
      }`;
  }

  #picture({ uri, name, probability, runs }: JudgedPicture): TemplateResult {
    const facts = [texts.pictureRuns(runs, this.row.runs.length), texts.pictureSure(probability)];
    const caption = facts.filter((fact) => fact !== "").join(", ");
    if (uri === null) {
      return html`<li><span class="frame missing" title=${texts.gone}>${icon("image")}</span>
        <span class="caption quiet">${name}: ${texts.gone}</span></li>`;
    }
    return html`<li>
      <button class="frame" title=${name} aria-label=${`${texts.openPicture(name)}, ${caption}`} @click=${() => this.#open(uri)}>
        <img src=${uri} alt="" loading="lazy" decoding="async"></button>
      <span class="caption quiet numbers" aria-hidden="true">${facts.map((fact) => html`<span>${fact}</span>`)}</span>
    </li>`;
  }

  readonly #load = async (): Promise<void> => {
    const question = this.#question;
    const { label, predicted } = this.cell;
    const params = { row: this.row.id, label, predicted, offset: this.pictures.length, count: pageSize };
    try {
      const { total, pictures } = await this.page.request("pictures", params);
      if (question !== this.#question) return;
      this.failure = undefined;
      this.pictures = [...this.pictures, ...pictures];
      // A host that has no more than it says would be asked forever.
      this.total = pictures.length === 0 ? this.pictures.length : total;
    } catch (error) {
      if (question === this.#question) this.failure = failureOf(error);
    }
  };

  #open(uri: string): void {
    this.page.request("openImage", { uri }).catch((error) => this.page.report(error));
  }
}
