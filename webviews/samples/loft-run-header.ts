/** The head of the page: which run, how far it is, and the buttons that stop it or let it go on. */
import "@vscode-elements/elements/dist/vscode-button/index.js";
import "@vscode-elements/elements/dist/vscode-progress-bar/index.js";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { RunState, RunSummary } from "../../schemas/protocol.ts";
import { factStyles } from "../shared/fact-styles.ts";
import { type IconName, icon, iconStyles } from "../shared/icon.ts";
import { baseStyles } from "../shared/theme.ts";
import type { Page } from "./page.ts";
import { progressCounts, stageTexts, stateText, summaryText, texts } from "./texts.ts";

/** Screen readers hear of progress no more often than this. */
const announceMilliseconds = 10_000;

const stateIcons: { readonly [S in RunState]: IconName } = {
  queued: "queued",
  running: "running",
  cancelling: "running",
  finished: "pass",
  interrupted: "paused",
  failed: "failed",
};

export class LoftRunHeader extends LitElement {
  static override styles = [baseStyles, iconStyles, factStyles, headerStyles()];
  static override properties = {
    run: { attribute: false },
    canResume: { type: Boolean },
    page: { attribute: false },
    isAsking: { state: true },
    announced: { state: true },
  };

  declare run: RunSummary;
  declare canResume: boolean;
  declare page: Page;
  declare isAsking: boolean;
  declare announced: string;
  #announcedAt = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.canResume = false;
    this.isAsking = false;
    this.announced = "";
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (!changed.has("run")) return;
    const before = changed.get("run") as RunSummary | undefined;
    if (before !== undefined && before.state !== this.run.state) this.isAsking = false;
    this.#announce(before?.state !== this.run.state);
  }

  protected override render(): TemplateResult {
    const { name, state, error } = this.run;
    return html`
      <header>
        <div class="title">
          <h1 title=${this.run.folder}>${name}</h1>
          <span class="state ${state}">${icon(stateIcons[state])} ${stateText(this.run)}</span>
          ${this.#buttons()}
        </div>
        ${this.#progress()}
        ${
          state === "failed" && error !== undefined
            ? html`<p class="failure" role="alert">${icon("error")}<span>${error.what} ${error.fix}</span></p>`
            : nothing
        }
        <div class="unseen" role="status" aria-live="polite">${this.announced}</div>
      </header>
    `;
  }

  #buttons(): TemplateResult {
    const { state, work, progress } = this.run;
    // The table is there from the first classifier on.
    const hasResults = work === "evaluate" && progress?.stage === "evaluating";
    const isGoing = state === "running" || state === "queued";
    const isStopped = state === "interrupted" || state === "failed";
    return html`<div class="buttons">
      ${
        hasResults
          ? html`<vscode-button ?secondary=${state !== "finished"} title=${texts.openResultsTitle}
              @click=${() => this.#ask("openResults")}>${texts.openResults}</vscode-button>`
          : nothing
      }
      ${
        isGoing
          ? html`<vscode-button secondary title=${texts.cancelTitle} ?disabled=${this.isAsking}
              @click=${() => this.#ask("cancel")}>${icon("stop", "content-before")}${texts.cancel}</vscode-button>`
          : nothing
      }
      ${
        isStopped && this.canResume
          ? html`<vscode-button ?disabled=${this.isAsking}
              @click=${() => this.#ask("resume")}>${icon("play", "content-before")}${texts.resume}</vscode-button>`
          : nothing
      }
      ${
        state === "failed"
          ? html`<vscode-button secondary @click=${() => this.#ask("showLog")}>${texts.showLog}</vscode-button>`
          : nothing
      }
    </div>`;
  }

  #progress(): TemplateResult | typeof nothing {
    const { state, progress } = this.run;
    if (progress === undefined) return nothing;
    const { secondsLeft, failed, device, stage, share, loss } = progress;
    const isRunning = state === "running" || state === "cancelling";
    const facts = [
      ...(isRunning ? [stageTexts[stage]] : []),
      ...progressCounts(this.run),
      ...(state === "running" && secondsLeft !== undefined ? [texts.timeLeft(secondsLeft)] : []),
      ...(device === undefined ? [] : [device]),
    ];
    return html`
      <ul class="facts numbers">
        ${facts.map((fact) => html`<li>${fact}</li>`)}
        ${loss === null ? html`<li class="failed-tasks">${icon("warning")} ${texts.lossDiverged}</li>` : nothing}
        ${0 < failed ? html`<li class="failed-tasks">${icon("warning")} ${texts.failedTasks(failed)}</li>` : nothing}
      </ul>
      ${
        state === "finished"
          ? nothing
          : html`<vscode-progress-bar class=${isRunning ? "" : "still"} aria-label=${texts.progress}
              .value=${Math.round(share * 100)} .indeterminate=${isRunning && stage === "loading"}></vscode-progress-bar>`
      }
    `;
  }

  #ask(name: "cancel" | "resume" | "openResults" | "showLog"): void {
    if (name === "cancel" || name === "resume") this.isAsking = true;
    this.page.request(name, {}).catch((error) => {
      this.isAsking = false;
      this.page.report(error);
    });
  }

  /** A change of state is said at once, progress at times. */
  #announce(isUrgent: boolean): void {
    const wait = isUrgent ? 0 : this.#announcedAt + announceMilliseconds - performance.now();
    if (wait <= 0) {
      this.#announcedAt = performance.now();
      this.announced = summaryText(this.run);
      return;
    }
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#announcedAt = performance.now();
      this.announced = summaryText(this.run);
    }, wait);
  }
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
    .state.finished .icon {
      color: var(--vscode-testing-iconPassed, var(--vscode-charts-green));
    }
    .state.failed .icon,
    .failure .icon {
      color: var(--vscode-errorForeground);
    }
    .state.interrupted .icon,
    .failed-tasks .icon {
      color: var(--vscode-editorWarning-foreground, var(--vscode-charts-orange));
    }
    .state.running .icon,
    .state.cancelling .icon {
      color: var(--vscode-charts-blue);
      animation: turn 2s steps(16) infinite;
    }
    @keyframes turn {
      to {
        transform: rotate(1turn);
      }
    }
    .buttons {
      display: flex;
      flex-wrap: wrap;
      gap: 6px;
      margin-left: auto;
    }
    .facts .icon {
      vertical-align: -3px;
    }
    vscode-progress-bar {
      margin-top: 8px;
    }
    vscode-progress-bar.still {
      opacity: 0.6;
    }
    .failure {
      display: flex;
      gap: 6px;
      margin-top: 6px;
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
    }
    @media (prefers-reduced-motion: reduce) {
      .state .icon {
        animation: none !important;
      }
    }
  `;
}
