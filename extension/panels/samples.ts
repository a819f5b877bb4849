/** The Samples panels of this window: one per run, restored after a reload. */
import { type Disposable, type Memento, Uri, ViewColumn, type WebviewPanel, window } from "vscode";
import type { RunId, RunSummary } from "../../schemas/protocol.ts";
import { readPageState, samplesViewType, type Tab } from "../../webviews/samples/protocol.ts";
import type { DaemonClient } from "../daemon-client.ts";
import type { Log } from "../log.ts";
import type { Runs } from "../runs.ts";
import { SamplesPanel } from "./samples-panel.ts";

export type SamplesPanelsOptions = {
  readonly client: DaemonClient;
  readonly runs: Runs;
  readonly log: Log;
  readonly home: Uri;
  /** Remembers where runs lie, for panels that come back before the daemon knows them. */
  readonly memory: Memento;
};

export class SamplesPanels implements Disposable {
  readonly #options: SamplesPanelsOptions;
  readonly #panels = new Map<RunId, SamplesPanel>();
  readonly #serializer: Disposable;

  constructor(options: SamplesPanelsOptions) {
    this.#options = options;
    this.#serializer = window.registerWebviewPanelSerializer(samplesViewType, {
      deserializeWebviewPanel: async (panel, state: unknown) => await this.#restore(panel, state),
    });
  }

  /** Open a run's panel beside the editor, or bring it to the front. */
  show(run: RunSummary, place?: { readonly tab: Tab; readonly file?: string }): void {
    const known = this.#panels.get(run.run);
    if (known !== undefined) {
      known.reveal(place);
      return;
    }
    const viewColumn = window.activeTextEditor === undefined ? ViewColumn.Active : ViewColumn.Beside;
    const panel = window.createWebviewPanel(samplesViewType, "", { viewColumn, preserveFocus: true });
    this.#adopt(panel, run, place);
  }

  close(run: RunId): void {
    this.#panels.get(run)?.dispose();
  }

  /** Runs whose panel is open. */
  open(): readonly RunId[] {
    return [...this.#panels.keys()];
  }

  dispose(): void {
    this.#serializer.dispose();
    for (const panel of this.#panels.values()) panel.dispose();
  }

  async #restore(panel: WebviewPanel, state: unknown): Promise<void> {
    const page = readPageState(state);
    const run = page && (await this.#find(page.run));
    if (run === undefined) panel.dispose();
    else this.#adopt(panel, run);
  }

  /** The daemon's word; where it has none, the folder that we remember. */
  async #find(wanted: RunId): Promise<RunSummary | undefined> {
    const { client, runs, log, memory } = this.#options;
    try {
      const listed = (await runs.refresh()).find(({ run }) => run === wanted);
      if (listed !== undefined) return listed;
      const folder = memory.get<string>(memoryKey(wanted));
      return folder === undefined ? undefined : await client.request("loft/openRun", { folder });
    } catch (error) {
      log.warn(`The Samples panel of run ${wanted} could not be restored: ${String(error)}`);
      return undefined;
    }
  }

  #adopt(panel: WebviewPanel, run: RunSummary, place?: { readonly tab: Tab; readonly file?: string }): void {
    const { client, runs, log, home, memory } = this.#options;
    void memory.update(memoryKey(run.run), run.folder);
    const dist = Uri.joinPath(home, "dist");
    panel.iconPath = Uri.joinPath(home, "extension", "media", "samples.svg");
    const own = new SamplesPanel(panel, { client, runs, log, dist, run, ...(place === undefined ? {} : { place }) });
    this.#panels.set(run.run, own);
    panel.onDidDispose(() => this.#panels.delete(run.run));
  }
}

function memoryKey(run: RunId): string {
  return `loft.runFolder.${run}`;
}
