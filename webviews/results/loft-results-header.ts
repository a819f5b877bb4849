/** What was evaluated, whether it is whole, how far it is, and what has to be said about it. */
import "@vscode-elements/elements/dist/vscode-button/index.js";
import "@vscode-elements/elements/dist/vscode-progress-bar/index.js";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { LoftResults } from "../../schemas/results.ts";
import { factStyles } from "../shared/fact-styles.ts";
import { icon, iconStyles } from "../shared/icon.ts";
import { baseStyles } from "../shared/theme.ts";
import type { ResultsPage } from "./page.ts";
import type { Live } from "./protocol.ts";
import { texts } from "./texts.ts";

export class LoftResultsHeader extends LitElement {
  static override styles = [baseStyles, iconStyles, factStyles, headerStyles()];
  static override properties = {
    results: { attribute: false },
    live: { attribute: false },
    page: { attribute: false },
  };

  declare results: LoftResults;
  declare live: Live | undefined;
  declare page: ResultsPage;

  protected override render(): TemplateResult {
    const { name, partial } = this.results;
    const warnings = this.#warnings();
    return html`<header>
      <div class="title">
        <h1>${name}</h1>
        ${this.live === undefined ? nothing : html`<span class="state running">${icon("running")} ${texts.live}</span>`}
        ${
          partial && this.live === undefined
            ? html`<span class="state partial" title=${texts.partialTitle}>${icon("warning")} ${texts.partial}</span>`
            : nothing
        }
        <vscode-button secondary @click=${this.#openText}>${texts.openText}</vscode-button>
      </div>
      <ul class="facts numbers">${this.#facts().map((fact) => html`<li>${fact}</li>`)}</ul>
      ${this.live === undefined ? nothing : this.#progress(this.live)}
      ${
        warnings.length === 0
          ? nothing
          : html`<details class="warnings" ?open=${warnings.length === 1}>
              <summary>${icon("warning")}${texts.warnings(warnings.length)}</summary>
              <ul>${warnings.map((text) => html`<li>${text}</li>`)}</ul></details>`
      }
    </header>`;
  }

  #facts(): readonly string[] {
    const { dataset, datasets, classifier, classifiers = [classifier], model } = this.results;
    return [
      datasets === undefined ? texts.classes(dataset.classes.length) : texts.datasets(datasets.length),
      texts.photos(dataset.photos),
      texts.testPictures(dataset.test),
      dataset.validation === null ? texts.noValidation : texts.validationPictures(dataset.validation),
      ...classifiers.map((each) => texts.classifier(each.name, each.steps, each.batchSize, each.learningRate)),
      // Mostly one for all of them.
      ...new Set(classifiers.flatMap(sharesText)),
      texts.model(model.name),
    ];
  }

  #progress({ text, share }: Live): TemplateResult {
    return html`<p class="live numbers">${text}</p>
      <vscode-progress-bar aria-label=${texts.progress} .value=${Math.round((share ?? 0) * 100)}
        .indeterminate=${share === null}></vscode-progress-bar>`;
  }

  /** Those of the file, and why datasets are missing. */
  #warnings(): readonly string[] {
    const { warnings, datasets = [] } = this.results;
    const problems = datasets.flatMap(({ name, problem }) => {
      return problem === null ? [] : [texts.datasetProblem(name, problem.what, problem.fix)];
    });
    const others = warnings.map(({ what, fix }) => `${what} ${fix}`);
    // The file may tell a problem among its warnings, too.
    return [...problems, ...others.filter((text) => !problems.includes(text))];
  }

  readonly #openText = (): void => {
    this.page.request("openText", {}).catch((error) => this.page.report(error));
  };
}

/** Earlier files do not tell. */
function sharesText({ syntheticShare, realLossShare }: LoftResults["classifier"]): readonly string[] {
  if (syntheticShare === undefined || realLossShare === undefined) return [];
  return [texts.bothKinds(syntheticShare, 1 - realLossShare)];
}

function headerStyles() {
  return css`
    header {
      padding: 10px 16px 8px;
    }
    .title {
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      gap: 4px 12px;
      min-height: 28px;
    }
    h1 {
      min-width: 0;
      overflow-wrap: anywhere;
      font-size: 1.25em;
      font-weight: 600;
    }
    .state {
      display: inline-flex;
      align-items: center;
      gap: 4px;
    }
    .state.partial .icon,
    summary .icon {
      color: var(--vscode-editorWarning-foreground, var(--vscode-charts-orange));
    }
    .state.running .icon {
      color: var(--vscode-charts-blue);
      animation: turn 2s steps(16) infinite;
    }
    @keyframes turn {
      to {
        transform: rotate(1turn);
      }
    }
    vscode-button {
      margin-left: auto;
    }
    .live {
      margin-top: 6px;
    }
    vscode-progress-bar {
      margin-top: 4px;
    }
    .warnings {
      margin-top: 6px;
    }
    summary {
      display: inline-flex;
      align-items: center;
      gap: 6px;
      min-height: 24px;
      cursor: pointer;
    }
    .warnings ul {
      max-height: 30vh;
      overflow: auto;
      padding-left: 22px;
      list-style: disc outside;
    }
    .warnings li {
      margin-left: 14px;
      padding: 1px 0;
      overflow-wrap: anywhere;
    }
    @container (max-width: 319.9px) {
      header {
        padding: 6px 8px;
      }
      .title {
        gap: 2px 8px;
      }
      h1 {
        flex-basis: 100%;
      }
      vscode-button {
        margin-left: 0;
      }
    }
  `;
}
