/** One image large, the real photos it came from with their weights, and what can be done with it. */
import "@vscode-elements/elements/dist/vscode-button/index.js";
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { ReplayResult, Sample, SampleParent, Verdict } from "../../schemas/protocol.ts";
import { icon, iconStyles } from "../shared/icon.ts";
import { setStyle } from "../shared/set-style.ts";
import { baseStyles } from "../shared/theme.ts";
import { fileUrl, type Page, tinySide } from "./page.ts";
import { texts, weightText } from "./texts.ts";

export class LoftSampleDetails extends LitElement {
  static override styles = [baseStyles, iconStyles, detailsStyles()];
  static override properties = {
    sample: { attribute: false },
    base: { attribute: false },
    page: { attribute: false },
    close: { attribute: false },
    step: { attribute: false },
    told: { state: true },
    isReplaying: { state: true },
  };

  declare sample: Sample;
  declare base: string;
  declare page: Page;
  declare close: () => void;
  /** Go to the image before or after. */
  declare step: (by: 1 | -1) => void;
  /** The outcome of the last action. */
  declare told: string;
  declare isReplaying: boolean;

  constructor() {
    super();
    this.told = "";
    this.isReplaying = false;
  }

  override focus(): void {
    this.renderRoot.querySelector<HTMLElement>(".close")?.focus();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("sample") || changed.get("sample")?.file === this.sample.file) return;
    this.told = "";
    this.isReplaying = false;
  }

  protected override render(): TemplateResult {
    const { sample } = this;
    return html`<section aria-label=${texts.details} @keydown=${this.#onKey}>
      <div class="head">
        <h2>${texts.sampleName(sample)}</h2>
        <button class="quiet-button" title=${texts.previous} aria-label=${texts.previous} @click=${() => this.step(-1)}>
          ${icon("chevron-left")}</button>
        <button class="quiet-button" title=${texts.next} aria-label=${texts.next} @click=${() => this.step(1)}>
          ${icon("chevron-right")}</button>
        <button class="quiet-button close" title=${texts.close} aria-label=${texts.close} @click=${() => this.close()}>
          ${icon("close")}</button>
      </div>
      <img class="picture ${sample.side <= tinySide ? "pixels" : ""}" src=${fileUrl(this.base, sample.file)}
        alt=${texts.sampleLabel(sample)} width=${sample.side} height=${sample.side}>
      <div class="verdicts">
        ${this.#verdictButton("keep", texts.keep, texts.keepTitle)}
        ${this.#verdictButton("reject", texts.reject, texts.rejectTitle)}
      </div>
      ${this.#actions()}
      <p class="told" role="status">${this.told}</p>
      ${this.#parents()} ${this.#facts()}
    </section>`;
  }

  #verdictButton(verdict: Verdict, label: string, title: string): TemplateResult {
    return html`<button class="quiet-button" title=${title} aria-pressed=${this.sample.verdict === verdict}
      @click=${() => this.#judge(verdict)}>${icon(verdict === "keep" ? "check" : "close")}<span>${label}</span></button>`;
  }

  #judge(verdict: Verdict): void {
    this.page.judge(this.sample.file, this.sample.verdict === verdict ? null : verdict);
  }

  #parents(): TemplateResult | typeof nothing {
    const { parents } = this.sample;
    if (parents.length === 0) return nothing;
    return html`<h3>${texts.parents}</h3>
      <ul class="parents">${parents.map((parent) => this.#parent(parent))}</ul>`;
  }

  #parent({ photo, photoFile, weight }: SampleParent): TemplateResult {
    const width = `${Math.min(1, Math.max(0, weight)) * 100}%`;
    return html`<li>
      <img class="pixels" src=${fileUrl(this.base, photoFile)} alt=${texts.photoAlt(photo)}>
      <div class="parent">
        <span class="photo" title=${photo}>${photo}</span>
        <span class="bar"><span ${setStyle({ width })}></span></span>
      </div>
      <span class="numbers">${weightText(weight)}</span>
    </li>`;
  }

  #facts(): TemplateResult {
    const { prompt, negativePrompt, seed, side, file, parents } = this.sample;
    const facts: readonly (readonly [string, string])[] = [
      [texts.prompt, prompt],
      [texts.negativePrompt, negativePrompt || texts.none],
      [texts.seed, String(seed)],
      [texts.size, texts.side(side)],
      [texts.file, file],
      [texts.adapterIds, parents.map(({ adapterId }) => adapterId).join("\n")],
    ];
    return html`<dl>${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd class="numbers">${value}</dd></div>`)}</dl>`;
  }

  #actions(): TemplateResult {
    return html`<div class="actions">
      <vscode-button secondary title=${texts.openTitle} @click=${() => this.#ask("openImage", "")}
        >${icon("open", "content-before")}${texts.open}</vscode-button>
      <vscode-button secondary title=${texts.copyRowTitle} @click=${() => this.#ask("copyRow", texts.copied)}
        >${icon("copy", "content-before")}${texts.copyRow}</vscode-button>
      <vscode-button secondary title=${texts.replayTitle} ?disabled=${this.isReplaying} @click=${() => this.#replay()}
        >${icon("rerun", "content-before")}${texts.replay}</vscode-button>
    </div>`;
  }

  async #ask(name: "openImage" | "copyRow", success: string): Promise<void> {
    const { file } = this.sample;
    this.told = "";
    try {
      await this.page.request(name, { file });
      if (file === this.sample.file) this.told = success;
    } catch (error) {
      this.page.report(error);
    }
  }

  async #replay(): Promise<void> {
    const { file } = this.sample;
    this.isReplaying = true;
    this.told = texts.replaying;
    const told = await this.page.request("replay", { file }).then(replayText, (error) => {
      this.page.report(error);
      return "";
    });
    if (file !== this.sample.file) return;
    this.isReplaying = false;
    this.told = told;
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    this.close();
  };
}

function replayText(result: ReplayResult): string {
  return result.same ? texts.replaySame : texts.replayDiffers(result.differingValues, result.largestDifference);
}

function detailsStyles() {
  return css`
    :host {
      overflow: hidden auto;
      height: 100%;
      border-left: 1px solid var(--edge);
      background: var(--page-background);
    }
    section {
      display: flex;
      flex-direction: column;
      gap: 10px;
      max-width: 640px;
      padding: 8px 16px 16px;
    }
    .head {
      display: flex;
      align-items: center;
      gap: 2px;
    }
    h2 {
      flex: 1;
      overflow-wrap: anywhere;
      font-size: 1.1em;
      font-weight: 600;
    }
    h3 {
      font-size: 1em;
      font-weight: 600;
    }
    .picture {
      align-self: center;
      width: min(100%, 40vh, 512px);
      height: auto;
      border: 1px solid var(--edge);
      border-radius: 3px;
    }
    .verdicts,
    .actions {
      display: flex;
      flex-wrap: wrap;
      gap: 6px;
    }
    .verdicts .quiet-button {
      flex: 1;
      border-color: var(--vscode-button-border, var(--edge));
    }
    .verdicts .quiet-button[aria-pressed="true"] {
      border-color: var(--vscode-contrastActiveBorder, var(--vscode-inputOption-activeBorder));
    }
    .parents {
      display: flex;
      flex-direction: column;
      gap: 8px;
    }
    .parents li {
      display: flex;
      align-items: center;
      gap: 10px;
    }
    .parents img {
      flex: none;
      width: 44px;
      height: 44px;
      border: 1px solid var(--edge);
      border-radius: 3px;
      object-fit: contain;
    }
    .parent {
      display: flex;
      flex: 1;
      flex-direction: column;
      gap: 5px;
      min-width: 0;
    }
    .photo {
      overflow: hidden;
      text-overflow: ellipsis;
      white-space: nowrap;
    }
    .bar {
      height: 6px;
      overflow: hidden;
      border: 1px solid var(--vscode-contrastBorder, transparent);
      border-radius: 3px;
      background: var(--vscode-scrollbarSlider-background, var(--vscode-editorWidget-background));
    }
    .bar span {
      display: block;
      height: 100%;
      background: var(--vscode-charts-blue, var(--vscode-progressBar-background));
    }
    dl {
      display: flex;
      flex-direction: column;
      gap: 6px;
    }
    dt {
      color: var(--quiet);
      font-size: 0.92em;
    }
    dd {
      overflow-wrap: anywhere;
      white-space: pre-line;
      user-select: text;
    }
    .told:empty {
      display: none;
    }
  `;
}
