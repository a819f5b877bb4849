/** The host's half of one Samples panel: passes on what the page asks for and what the daemon tells. */
import { type Disposable, l10n, Uri, type WebviewPanel, workspace } from "vscode";
import type { Notifications, RunSummary } from "../../schemas/protocol.ts";
import type { RunEvent } from "../../schemas/run-event.ts";
import { type HostMessage, type PageRequest, readPageMessage, type Tab } from "../../webviews/samples/protocol.ts";
import type { DaemonClient } from "../daemon-client.ts";
import { describeError, errorForLog } from "../loft-error.ts";
import type { Log } from "../log.ts";
import type { Runs } from "../runs.ts";
import { answerPage } from "./answer-page.ts";
import { pageHtml } from "./page-html.ts";

export type SamplesPanelOptions = {
  readonly client: DaemonClient;
  readonly runs: Runs;
  readonly log: Log;
  readonly dist: Uri;
  readonly run: RunSummary;
  readonly place?: { readonly tab: Tab; readonly file?: string };
};

/** At most ten messages a second. */
const pace = 100;

export class SamplesPanel implements Disposable {
  readonly #panel: WebviewPanel;
  readonly #options: SamplesPanelOptions;
  readonly #subscriptions: readonly Disposable[];
  #place: SamplesPanelOptions["place"];
  /** Undefined until the page has a snapshot: events before it are part of it. */
  #sequence: number | undefined;
  #snapshots = 0;
  #classNames: ReadonlySet<string> = new Set();
  #early: Notifications["loft/runEvent"][] = [];
  #events: RunEvent[] = [];
  #timer: NodeJS.Timeout | undefined;
  #told: RunSummary | undefined;

  constructor(panel: WebviewPanel, options: SamplesPanelOptions) {
    this.#panel = panel;
    this.#options = options;
    this.#place = options.place;
    const { client, runs, dist, run } = options;
    panel.title = l10n.t("Samples: {0}", run.name);
    panel.webview.options = { enableScripts: true, localResourceRoots: [Uri.file(run.folder), dist] };
    this.#subscriptions = [
      panel.webview.onDidReceiveMessage((message: unknown) => this.#receive(message)),
      panel.onDidDispose(() => this.#end()),
      client.on("loft/runEvent", (event) => this.#take(event)),
      // The classes of a run that was just started are known once its plan is made.
      client.on("loft/runPlanned", (plan) => void (plan.run === run.run && this.#snapshot())),
      client.onDidChangeState((state) => void (state === "ready" ? this.#snapshot() : this.#tellLoss(state))),
      runs.onDidChange(() => this.#schedule()),
      workspace.onDidGrantWorkspaceTrust(() => void this.#snapshot()),
    ];
    panel.webview.html = pageHtml(panel.webview, dist, { name: "samples", title: panel.title });
  }

  reveal(place: SamplesPanelOptions["place"]): void {
    this.#panel.reveal(undefined, true);
    if (place !== undefined) this.#post({ type: "show", ...place });
  }

  dispose(): void {
    this.#panel.dispose();
  }

  #end(): void {
    clearTimeout(this.#timer);
    for (const subscription of this.#subscriptions) subscription.dispose();
    const { client, run } = this.#options;
    if (client.state === "ready") void client.request("loft/unwatch", { run: run.run }).catch(() => undefined);
  }

  #receive(value: unknown): void {
    const message = readPageMessage(value);
    if (message === undefined) this.#options.log.warn("The Samples page sent a message that is not ours.");
    else if (message.type === "ready") void this.#snapshot();
    else void this.#answer(message);
  }

  /** The whole state, and the events after it from now on. */
  async #snapshot(): Promise<void> {
    const { client, runs, run, log } = this.#options;
    this.#snapshots += 1;
    const number = this.#snapshots;
    this.#sequence = undefined;
    this.#events = [];
    this.#early = [];
    try {
      // The daemon knows a run folder that it was shown; after a restart it may have to be shown again.
      const summary = runs.get(run.run) ?? (await client.request("loft/openRun", { folder: run.folder }));
      const state = await client.request("loft/watch", { run: summary.run });
      // Asked for again meanwhile: that answer is the one that counts.
      if (number !== this.#snapshots) return;
      const base = this.#panel.webview.asWebviewUri(Uri.file(run.folder)).toString();
      this.#post({ type: "problem", error: null });
      this.#told = state.summary;
      const { sequence, classes } = state;
      this.#post({
        type: "snapshot",
        sequence,
        run: state.summary,
        classes,
        base,
        canResume: this.#canResume(state.summary),
      });
      this.#classNames = new Set(classes.map(({ className }) => className));
      this.#sequence = sequence;
      for (const event of this.#early) this.#take(event);
      this.#early = [];
      this.#schedule();
      if (this.#place !== undefined) this.#post({ type: "show", ...this.#place });
      this.#place = undefined;
    } catch (error) {
      if (number !== this.#snapshots) return;
      log.warn(`No snapshot for the Samples page: ${errorForLog(error)}`);
      this.#post({ type: "problem", error: describeError(error) });
    }
  }

  #take({ run, sequence, event }: Notifications["loft/runEvent"]): void {
    if (run !== this.#options.run.run) return;
    if (this.#sequence === undefined) {
      this.#early.push({ run, sequence, event });
      return;
    }
    if (sequence <= this.#sequence) return;
    this.#sequence = sequence;
    // A snapshot from before the plan was known names no classes: the page needs one that does.
    if (isBeyond(event, this.#classNames)) {
      void this.#snapshot();
      return;
    }
    this.#events.push(event);
    this.#schedule();
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
    }, pace);
  }

  /** A hidden page gets nothing: it asks for everything again when it is shown. */
  #flush(): void {
    if (this.#sequence === undefined || !this.#panel.visible) return;
    const { runs, run } = this.#options;
    if (0 < this.#events.length) this.#post({ type: "events", sequence: this.#sequence, events: this.#events });
    this.#events = [];
    const summary = runs.get(run.run);
    if (summary === undefined || summary === this.#told) return;
    this.#told = summary;
    this.#post({ type: "run", run: summary, canResume: this.#canResume(summary) });
  }

  async #answer(request: PageRequest): Promise<void> {
    const { id } = request;
    try {
      this.#post({ type: "response", id, result: await answerPage(request, this.#options) });
    } catch (error) {
      this.#options.log.warn(`The Samples page's ${request.name} failed: ${errorForLog(error)}`);
      this.#post({ type: "failure", id, error: describeError(error) });
    }
  }

  #tellLoss(state: string): void {
    this.#sequence = undefined;
    const fix = state === "failed" ? l10n.t("Try LoFT: Restart Daemon.") : l10n.t("It is being connected to again.");
    this.#post({ type: "problem", error: { code: "daemon-lost", what: l10n.t("LoFT's daemon is away."), fix } });
  }

  #canResume({ config }: RunSummary): boolean {
    return config !== undefined && workspace.isTrusted;
  }

  #post(message: HostMessage): void {
    void this.#panel.webview.postMessage(message);
  }
}

/** Whether an event is about classes that a snapshot did not name. */
function isBeyond(event: RunEvent, classNames: ReadonlySet<string>): boolean {
  switch (event.type) {
    case "adapter-group-started":
      return classNames.size === 0;
    case "adapter-finished":
    case "images-finished":
      return !classNames.has(event.className);
    default:
      return false;
  }
}
