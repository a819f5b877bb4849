/** The runs of this workspace's configurations and those that the daemon knows, kept up to date. */
import { commands, type Disposable, EventEmitter, Uri, workspace } from "vscode";
import type { RunId, RunState, RunSummary } from "../schemas/protocol.ts";
import type { ConfigFiles } from "./config-files.ts";
import type { DaemonClient } from "./daemon-client.ts";

/** A run went from one state to another while we looked. */
export type RunTransition = { readonly run: RunSummary; readonly before: RunState };

export class Runs implements Disposable {
  readonly #client: DaemonClient;
  readonly #configs: ConfigFiles;
  readonly #changed = new EventEmitter<void>();
  readonly #transitions = new EventEmitter<RunTransition>();
  readonly #runs = new Map<RunId, RunSummary>();
  readonly #subscriptions: readonly Disposable[];

  readonly onDidChange = this.#changed.event;
  readonly onDidTransition = this.#transitions.event;

  constructor(client: DaemonClient, configs: ConfigFiles) {
    this.#client = client;
    this.#configs = configs;
    this.#subscriptions = [
      client.on("loft/runChanged", (run) => this.update(run)),
      client.onDidChangeState((state) => void (state === "ready" && this.refresh().catch(() => undefined))),
      configs.onDidChange(() => void (client.state === "ready" && this.refresh().catch(() => undefined))),
    ];
  }

  /** Newest first; those that were not started here last, by their names. */
  all(): readonly RunSummary[] {
    return [...this.#runs.values()].sort(
      (a, b) => (b.startedAt ?? "").localeCompare(a.startedAt ?? "") || a.name.localeCompare(b.name),
    );
  }

  get(run: RunId): RunSummary | undefined {
    return this.#runs.get(run);
  }

  /** Ask the daemon for the list. */
  async refresh(): Promise<readonly RunSummary[]> {
    const configs = (await this.#configs.all()).map(({ fsPath }) => fsPath);
    const runs = await this.#client.request("loft/runs", { configs });
    const known = new Set(runs.map(({ run }) => run));
    for (const run of this.#runs.keys()) if (!known.has(run)) this.#runs.delete(run);
    for (const run of runs) this.#put(run);
    this.#tell();
    return this.all();
  }

  update(run: RunSummary): void {
    this.#put(run);
    this.#tell();
  }

  forget(run: RunId): void {
    this.#runs.delete(run);
    this.#tell();
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#changed.dispose();
    this.#transitions.dispose();
  }

  #put(run: RunSummary): void {
    const before = this.#runs.get(run.run)?.state;
    this.#runs.set(run.run, run);
    if (before !== undefined && before !== run.state) this.#transitions.fire({ run, before });
  }

  #tell(): void {
    void commands.executeCommand("setContext", "loft.hasRuns", 0 < this.#runs.size);
    void commands.executeCommand("setContext", "loft.isRunning", this.all().some(isLive));
    this.#changed.fire();
  }
}

/** Queued, running, or on its way to a stop. */
export function isLive({ state }: RunSummary): boolean {
  return state === "queued" || state === "running" || state === "cancelling";
}

/** The daemon tells every window of every run. */
export function isOfThisWindow({ config, folder }: RunSummary): boolean {
  return workspace.getWorkspaceFolder(Uri.file(config ?? folder)) !== undefined;
}
