/** The Samples page: keeps what is known of the run, asks for what is missing, and shows one of its three parts. */
import "@vscode-elements/elements/dist/vscode-button/index.js";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import type { RunState, Sample, SampleClass, Verdict } from "../../schemas/protocol.ts";
import { icon, iconStyles } from "../shared/icon.ts";
import { failureOf } from "../shared/requests.ts";
import { select } from "../shared/select.ts";
import { tabStyles } from "../shared/tab-styles.ts";
import { baseStyles } from "../shared/theme.ts";
import type { GridActions } from "./loft-sample-grid.ts";
import type { Page } from "./page.ts";
import { samplesStyles } from "./page-styles.ts";
import { type HostMessage, type Tab, thumbnailSizes, type VerdictFilter } from "./protocol.ts";
import { countVerdicts, findSample, nextWanted, type ShownGroup, shownGroups } from "./sample-lists.ts";
import type { SamplesHost } from "./samples-host.ts";
import {
  type Action,
  type PageData,
  type RunView,
  reduce,
  shownClass,
  startData,
  stateToKeep,
  type View,
} from "./state.ts";
import { tabTexts, texts, verdictTexts } from "./texts.ts";

/** What the extension sends is drawn at most this often. */
const drawMilliseconds = 100;

/** Curves that cannot be continued from events are asked for again, no more often than this. */
const curvesMilliseconds = 3000;

const tabs: readonly Tab[] = ["samples", "training", "pairs"];
const verdicts: readonly VerdictFilter[] = ["all", "keep", "reject", "open"];

/** Why there is no image to be seen. */
const noImagesText: { readonly [S in RunState]: string } = {
  queued: texts.noImages,
  running: texts.noImages,
  cancelling: texts.noImagesInterrupted,
  interrupted: texts.noImagesInterrupted,
  failed: texts.noImagesInterrupted,
  finished: texts.noImagesEver,
};

export class LoftSamples extends LitElement {
  static override styles = [baseStyles, iconStyles, tabStyles, samplesStyles];
  static override properties = { isDetailed: { state: true }, isNarrow: { state: true } };

  /** Set once, before the element is put into the page. */
  host: SamplesHost | undefined;
  /** The details of the selected image are open. */
  declare isDetailed: boolean;
  /** Details cover the grid instead of standing beside it. */
  declare isNarrow: boolean;
  #data: PageData = startData();
  #groups: readonly ShownGroup[] = [];
  #isAskingSamples = false;
  #curvesAskedAt = Number.NEGATIVE_INFINITY;
  #drawTimer: ReturnType<typeof setTimeout> | undefined;
  #curvesTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #observer = new ResizeObserver(() => {
    this.isNarrow = this.clientWidth < 620;
  });
  readonly #page: Page = {
    setView: (view) => this.#setView(view),
    judge: (file, verdict) => this.#judge(file, verdict),
    request: (name, params) => (this.host as SamplesHost).request(name, params),
    report: (error) => this.#act({ type: "notice", error: failureOf(error) }),
  };
  readonly #gridActions: GridActions = {
    select: (sample) => this.#select(sample),
    open: (sample) => this.#open(sample),
    judge: (sample, verdict) => this.#judge(sample.file, sample.verdict === verdict ? null : verdict),
  };

  constructor() {
    super();
    this.isDetailed = false;
    this.isNarrow = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const { host } = this;
    if (host === undefined) return;
    const kept = host.keptState();
    if (kept !== undefined) {
      const { run: _run, ...view } = kept;
      this.#data = startData(view);
      this.isDetailed = view.selected !== undefined;
    }
    host.listen((message) => this.#receive(message));
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") host.ready();
    });
    this.#observer.observe(this);
    host.ready();
  }

  protected override willUpdate(): void {
    const { view, lists } = this.#data;
    this.#groups = shownGroups(lists, shownClass(this.#data), view.verdict);
  }

  protected override render(): TemplateResult {
    const { run, problem, view } = this.#data;
    if (run === undefined) {
      return html`<main>${this.#problems(this.#data)}
        <p class="empty" role="status">${problem === undefined ? texts.loading : texts.noRun}</p></main>`;
    }
    return html`<main>
      <loft-run-header .run=${run.summary} .canResume=${run.canResume} .page=${this.#page}></loft-run-header>
      ${this.#problems(this.#data)}
      <div class="bar">
        <div class="tabs" role="tablist" aria-label=${texts.tabs} @keydown=${this.#onTabKey}>
          ${tabs.map((tab) => this.#tab(tab, view.tab === tab))}
        </div>
        ${this.#classSelect(run.classes)}
      </div>
      <div class="panel" role="tabpanel" id="panel" aria-labelledby=${`tab-${view.tab}`}>${this.#panel(run)}</div>
    </main>`;
  }

  #problems({ problem, notice }: PageData): TemplateResult {
    return html`${
      problem === undefined
        ? nothing
        : html`<div class="problem" role="alert">${icon("error")}<span>${problem.what} ${problem.fix}</span>
            <vscode-button secondary @click=${this.#retry}>${texts.retry}</vscode-button></div>`
    }${
      notice === undefined
        ? nothing
        : html`<div class="problem" role="alert">${icon("error")}<span>${notice.what} ${notice.fix}</span>
            <button class="quiet-button" title=${texts.closeNotice} aria-label=${texts.closeNotice}
              @click=${() => this.#act({ type: "notice", error: null })}>${icon("close")}</button></div>`
    }`;
  }

  #tab(tab: Tab, isShown: boolean): TemplateResult {
    return html`<button role="tab" id=${`tab-${tab}`} aria-selected=${isShown} aria-controls="panel"
      tabindex=${isShown ? 0 : -1} @click=${() => this.#setView({ ...this.#data.view, tab })}>${tabTexts[tab]}</button>`;
  }

  #classSelect(classes: readonly SampleClass[]): TemplateResult | typeof nothing {
    if (classes.length < 2) return nothing;
    const isPairs = this.#data.view.tab === "pairs";
    const shown = shownClass(this.#data) ?? (isPairs ? classes[0]?.className : undefined) ?? "";
    const options = [...(isPairs ? [] : [""]), ...classes.map(({ className }) => className)];
    return select(
      texts.classFilter,
      options,
      shown,
      (name) => name || texts.allClasses,
      (className) => {
        const { className: _before, ...view } = this.#data.view;
        this.#setView(className === "" ? view : { ...view, className });
      },
    );
  }

  #panel(run: RunView): TemplateResult {
    const { view, losses } = this.#data;
    const className = shownClass(this.#data);
    switch (view.tab) {
      case "samples":
        return this.#samples(run);
      case "training":
        return html`<loft-training .losses=${losses} .classes=${run.classes} .onlyClass=${className} .base=${run.base}></loft-training>`;
      case "pairs": {
        const shown = run.classes.find((entry) => entry.className === className) ?? run.classes[0];
        if (shown === undefined) return html`<p class="empty">${texts.noPhotos}</p>`;
        return html`<loft-pair-matrix .shownClass=${shown} .base=${run.base} .page=${this.#page}></loft-pair-matrix>`;
      }
    }
  }

  #samples(run: RunView): TemplateResult {
    const { view, lists } = this.#data;
    const sample = findSample(lists, view.selected);
    const isOpen = this.isDetailed && sample !== undefined;
    return html`
      ${this.#toolbar()}
      <div class="sides ${isOpen ? "open" : ""}">
        <div class="grid" ?inert=${isOpen && this.isNarrow}>${this.#grid(run)}</div>
        ${
          isOpen
            ? html`<loft-sample-details .sample=${sample} .base=${run.base} .page=${this.#page}
                .close=${this.#closeDetails} .step=${this.#step}></loft-sample-details>`
            : nothing
        }
      </div>`;
  }

  #toolbar(): TemplateResult {
    const { view, lists } = this.#data;
    const { keep, reject } = countVerdicts(lists);
    return html`<div class="toolbar">
      ${select(
        texts.verdictFilter,
        verdicts,
        view.verdict,
        (name) => verdictTexts[name as VerdictFilter],
        (name) => this.#setView({ ...view, verdict: name as VerdictFilter }),
      )}
      <span class="quiet numbers counts">${texts.verdictCounts(keep, reject)}</span>
      <label class="size" title=${texts.thumbnailSize}>${icon("zoom-in")}
        <input type="range" aria-label=${texts.thumbnailSize} min="0" max=${thumbnailSizes.length - 1} step="1"
          .value=${String(sizeIndex(view.thumbnail))} aria-valuetext=${texts.side(view.thumbnail)} @input=${this.#onSize}>
      </label>
    </div>`;
  }

  #grid(run: RunView): TemplateResult {
    const { view } = this.#data;
    if (this.#groups.every(({ samples }) => samples.length === 0)) return this.#emptyGrid(run);
    return html`<loft-sample-grid .groups=${this.#groups} .classes=${run.classes} .base=${run.base}
      .thumbnail=${view.thumbnail} .selected=${view.selected} .actions=${this.#gridActions}></loft-sample-grid>`;
  }

  #emptyGrid(run: RunView): TemplateResult {
    const { view, lists } = this.#data;
    const isLoading = [...lists.values()].some(({ read, known }) => read < known);
    if (view.verdict !== "all" && !isLoading) {
      return html`<div class="empty"><p>${texts.noneMatch}</p>
        <vscode-button secondary @click=${() => this.#setView({ ...view, verdict: "all" })}>${texts.showAll}</vscode-button></div>`;
    }
    return html`<p class="empty">${isLoading ? texts.loading : noImagesText[run.summary.state]}</p>`;
  }

  /** Messages change the data at once and the page a little later, so that a busy run draws ten times a second. */
  #receive(message: HostMessage): void {
    this.#data = reduce(this.#data, { type: "host", message });
    if (message.type === "show" && message.file !== undefined) this.isDetailed = true;
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
    const kept = stateToKeep(this.#data);
    if (kept !== undefined) this.host?.keepState(kept);
    void this.#askSamples();
    this.#askCurves();
  }

  async #askSamples(): Promise<void> {
    const wanted = this.#isAskingSamples ? undefined : nextWanted(this.#data.lists, shownClass(this.#data));
    if (wanted === undefined || this.#data.problem !== undefined) return;
    this.#isAskingSamples = true;
    const action = await this.#page
      .request("samples", wanted)
      .then((result): Action => ({ type: "samples", wanted, result }))
      .catch((error): Action => ({ type: "problem", error: failureOf(error) }));
    this.#isAskingSamples = false;
    this.#act(action);
  }

  #askCurves(): void {
    const { view, losses, run, problem } = this.#data;
    if (view.tab !== "training" || !losses.isStale || run === undefined || problem !== undefined) return;
    const wait = this.#curvesAskedAt + curvesMilliseconds - performance.now();
    this.#curvesTimer ??= setTimeout(() => void this.#loadCurves(), Math.max(0, wait));
  }

  async #loadCurves(): Promise<void> {
    this.#curvesAskedAt = performance.now();
    const action = await this.#page
      .request("losses", {})
      .then(({ curves }): Action => ({ type: "curves", curves }))
      .catch((error): Action => ({ type: "problem", error: failureOf(error) }));
    this.#curvesTimer = undefined;
    this.#act(action);
  }

  #setView(view: View): void {
    this.#act({ type: "view", view });
  }

  #select(sample: Sample): void {
    this.#setView({ ...this.#data.view, selected: sample.file });
  }

  #open(sample: Sample): void {
    this.#select(sample);
    this.isDetailed = true;
  }

  async #judge(file: string, verdict: Verdict | null): Promise<void> {
    const before = findSample(this.#data.lists, file)?.verdict ?? null;
    this.#act({ type: "verdict", file, verdict });
    try {
      await this.#page.request("curate", { file, verdict });
    } catch (error) {
      this.#act({ type: "verdict", file, verdict: before });
      this.#page.report(error);
    }
  }

  readonly #closeDetails = (): void => {
    this.isDetailed = false;
    void this.updateComplete.then(() => this.renderRoot.querySelector("loft-sample-grid")?.focusSelected());
  };

  /** The image before or after the selected one, across classes. */
  readonly #step = (by: 1 | -1): void => {
    const samples = this.#groups.flatMap((group) => group.samples);
    const index = samples.findIndex(({ file }) => file === this.#data.view.selected);
    const next = samples[Math.min(Math.max(0, index + by), samples.length - 1)];
    if (next !== undefined) this.#select(next);
  };

  readonly #retry = (): void => {
    this.#act({ type: "problem", error: null });
    this.host?.ready();
  };

  readonly #onSize = (event: Event): void => {
    const thumbnail = thumbnailSizes[Number((event.target as HTMLInputElement).value)] ?? 96;
    this.#setView({ ...this.#data.view, thumbnail });
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
    const tab = tabs[(target + tabs.length) % tabs.length] as Tab;
    this.#setView({ ...this.#data.view, tab });
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(`#tab-${tab}`)?.focus());
  };
}

/** The stop of the slider that is nearest to a size. */
function sizeIndex(thumbnail: number): number {
  const index = thumbnailSizes.findIndex((size) => thumbnail <= size);
  return index < 0 ? thumbnailSizes.length - 1 : index;
}
