/** The results page: keeps what is known of the evaluation, asks for what is missing, and shows one of its four parts. */
import "@vscode-elements/elements/dist/vscode-button/index.js";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import type { LoftErrorData } from "../../schemas/protocol.ts";
import type { LoftResults as Results } from "../../schemas/results.ts";
import { icon, iconStyles } from "../shared/icon.ts";
import { failureOf } from "../shared/requests.ts";
import { tabStyles } from "../shared/tab-styles.ts";
import { baseStyles } from "../shared/theme.ts";
import type { ResultsPage } from "./page.ts";
import { pageStyles } from "./page-styles.ts";
import type { Live, ResultsHostMessage, ResultsPageState, ResultsTab } from "./protocol.ts";
import type { ResultsHost } from "./results-host.ts";
import {
  type Action,
  confusionRow,
  type ResultsData,
  reduce,
  referenceRow,
  shownSplit,
  startData,
  startView,
} from "./state.ts";
import { tabTexts, texts } from "./texts.ts";

/** What the extension sends is drawn at most this often. */
const drawMilliseconds = 100;

/** While an evaluation runs, the answers are read anew no more often than this. */
const hitsMilliseconds = 3000;

/** How often screen readers hear how far an evaluation is. */
const announceMilliseconds = 20_000;

const tabs: readonly ResultsTab[] = ["table", "scaling", "confusion", "sets"];

export class LoftResults extends LitElement {
  static override styles = [baseStyles, iconStyles, tabStyles, pageStyles];
  static override properties = { said: { state: true } };

  /** Set once, before the element is put into the page. */
  host: ResultsHost | undefined;
  /** What screen readers are told. */
  declare said: string;
  #data: ResultsData = startData();
  #drawTimer: ReturnType<typeof setTimeout> | undefined;
  #hitsTimer: ReturnType<typeof setTimeout> | undefined;
  #hitsAskedAt = Number.NEGATIVE_INFINITY;
  #announcedAt = Number.NEGATIVE_INFINITY;
  readonly #page: ResultsPage = {
    setView: (view) => this.#act({ type: "view", view }),
    request: (name, params) => (this.host as ResultsHost).request(name, params),
    report: (error) => this.#act({ type: "notice", error: failureOf(error) }),
    say: (text) => this.#say(text),
  };

  constructor() {
    super();
    this.said = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const { host } = this;
    if (host === undefined) return;
    this.#data = startData(host.keptState() ?? startView);
    host.listen((message) => this.#receive(message));
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") host.ready();
    });
    host.ready();
  }

  protected override render(): TemplateResult {
    const { results, problem, live, view } = this.#data;
    if (results === undefined) return this.#withoutResults(problem);
    return html`<main>
      <loft-results-header .results=${results} .live=${live} .page=${this.#page}></loft-results-header>
      ${this.#problems(this.#data)}
      <div class="bar">
        <div class="tabs" role="tablist" aria-label=${texts.tabs} @keydown=${this.#onTabKey}>
          ${tabs.map((tab) => this.#tab(tab, view.tab === tab))}
        </div>
      </div>
      <div class="panel" role="tabpanel" id="panel" aria-labelledby=${`tab-${view.tab}`}>${this.#panel(results)}</div>
      <div class="unseen" role="status" aria-live="polite">${this.said}</div>
    </main>`;
  }

  #withoutResults(problem: LoftErrorData | undefined): TemplateResult {
    return html`<main>
      <h1 class="unseen">${texts.title}</h1>
      ${this.#problems(this.#data)}
      <p class="empty" role="status">${problem === undefined ? texts.loading : texts.nothing}</p>
    </main>`;
  }

  #problems({ problem, notice, results }: ResultsData): TemplateResult {
    return html`${
      problem === undefined
        ? nothing
        : html`<div class="problem" role="alert">${icon("error")}
            <span>${problem.what} ${problem.fix} ${results === undefined ? nothing : texts.stale}</span>
            <vscode-button secondary @click=${() => this.host?.ready()}>${texts.retry}</vscode-button>
            <vscode-button secondary @click=${this.#openText}>${texts.openText}</vscode-button></div>`
    }${
      notice === undefined
        ? nothing
        : html`<div class="problem" role="alert">${icon("error")}<span>${notice.what} ${notice.fix}</span>
            <button class="quiet-button" title=${texts.closeNotice} aria-label=${texts.closeNotice}
              @click=${() => this.#act({ type: "notice", error: null })}>${icon("close")}</button></div>`
    }`;
  }

  #tab(tab: ResultsTab, isShown: boolean): TemplateResult {
    return html`<button role="tab" id=${`tab-${tab}`} aria-selected=${isShown} aria-controls="panel"
      tabindex=${isShown ? 0 : -1} @click=${() => this.#setView({ ...this.#data.view, tab })}>${tabTexts[tab]}</button>`;
  }

  #panel(results: Results): TemplateResult {
    const { view, hits, live } = this.#data;
    const split = shownSplit(this.#data);
    switch (view.tab) {
      case "table":
        return html`<loft-table-view .results=${results} .view=${view} .split=${split} .hits=${hits}
          .isLive=${live !== undefined} .reference=${referenceRow(this.#data)} .page=${this.#page}></loft-table-view>`;
      case "scaling":
        return html`<loft-scaling .results=${results} .split=${split} .view=${view} .page=${this.#page}></loft-scaling>`;
      case "confusion":
        return html`<loft-confusion .results=${results} .view=${view} .row=${confusionRow(this.#data)}
          .page=${this.#page}></loft-confusion>`;
      case "sets":
        return html`<loft-class-sets .results=${results} .view=${view} .page=${this.#page}></loft-class-sets>`;
    }
  }

  /** Messages change the data at once and the page a little later, so that a busy evaluation draws ten times a second. */
  #receive(message: ResultsHostMessage): void {
    const { live } = this.#data;
    this.#data = reduce(this.#data, { type: "host", message });
    this.#announce(live);
    this.#drawTimer ??= setTimeout(() => {
      this.#drawTimer = undefined;
      this.#drawNow();
    }, drawMilliseconds);
  }

  #act(action: Action): void {
    this.#data = reduce(this.#data, action);
    this.#drawNow();
  }

  #drawNow(): void {
    this.requestUpdate();
    if (this.#data.results !== undefined) this.host?.keepState(this.#data.view);
    this.#askHits();
  }

  /** The single answers are needed only for differences to a row that the file has no intervals to. */
  #askHits(): void {
    const { results, hits, view, problem } = this.#data;
    const reference = referenceRow(this.#data);
    const isOther = reference !== undefined && reference.id !== results?.reference;
    const isShown = view.tab === "table" && view.metric === "accuracy" && shownSplit(this.#data) === "test";
    if (!isOther || !isShown || hits.state !== "unknown" || problem !== undefined) return;
    const wait = this.#hitsAskedAt + hitsMilliseconds - performance.now();
    this.#hitsTimer ??= setTimeout(() => void this.#loadHits(), Math.max(0, wait));
  }

  async #loadHits(): Promise<void> {
    this.#hitsAskedAt = performance.now();
    const { results } = this.#data;
    const action = await this.#page
      .request("hits", {})
      .then(({ rows }): Action => ({ type: "hits", hits: { state: "known", rows } }))
      .catch((error): Action => ({ type: "hits", hits: { state: "failed", error: failureOf(error) } }));
    this.#hitsTimer = undefined;
    // What came in between may have other trainings: then it is asked for again.
    if (results === this.#data.results) this.#act(action);
    else this.#askHits();
  }

  #setView(view: ResultsPageState): void {
    this.#act({ type: "view", view });
  }

  /** That an evaluation goes on or is over is said at once, how far it is now and then. */
  #announce(before: Live | undefined): void {
    const { live } = this.#data;
    if (before?.text === live?.text) return;
    const isNews = before === undefined || live === undefined;
    const now = performance.now();
    if (!isNews && now < this.#announcedAt + announceMilliseconds) return;
    this.#announcedAt = now;
    this.#say(live?.text ?? texts.liveOver);
  }

  /** The same words twice are two messages. */
  #say(text: string): void {
    this.said = this.said === text ? `${text}\u00a0` : text;
  }

  readonly #openText = (): void => {
    this.#page.request("openText", {}).catch((error) => this.#page.report(error));
  };

  readonly #onTabKey = (event: KeyboardEvent): void => {
    const index = tabs.indexOf(this.#data.view.tab);
    const targets: { readonly [key: string]: number } = {
      ArrowLeft: index - 1,
      ArrowRight: index + 1,
      Home: 0,
      End: tabs.length - 1,
    };
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    const tab = tabs[(target + tabs.length) % tabs.length] as ResultsTab;
    this.#setView({ ...this.#data.view, tab });
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(`#tab-${tab}`)?.focus());
  };
}
