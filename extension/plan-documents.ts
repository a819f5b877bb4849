/** Plans as read-only documents: `loft-plan:` followed by the configuration's path. */
import {
  type Disposable,
  EventEmitter,
  type TextDocumentContentProvider,
  Uri,
  ViewColumn,
  window,
  workspace,
} from "vscode";
import type { DaemonClient } from "./daemon-client.ts";

const scheme = "loft-plan";

export class PlanDocuments implements TextDocumentContentProvider, Disposable {
  readonly #client: DaemonClient;
  readonly #changed = new EventEmitter<Uri>();
  readonly #registration: Disposable;
  readonly onDidChange = this.#changed.event;

  constructor(client: DaemonClient) {
    this.#client = client;
    this.#registration = workspace.registerTextDocumentContentProvider(scheme, this);
  }

  async provideTextDocumentContent({ query }: Uri): Promise<string> {
    const { text } = await this.#client.request("loft/planText", { config: query });
    return text;
  }

  /** Show the plan of a configuration beside it, made anew. Rejects with the daemon's error. */
  async show(config: Uri): Promise<void> {
    const uri = Uri.from({
      scheme,
      path: `${config.path.replace(/\.loft\.json$/, "")}.plan.txt`,
      query: config.fsPath,
    });
    const isOpen = workspace.textDocuments.some((document) => document.uri.toString() === uri.toString());
    if (isOpen) this.#changed.fire(uri);
    const document = await workspace.openTextDocument(uri);
    await window.showTextDocument(document, { preview: true, viewColumn: ViewColumn.Beside });
  }

  dispose(): void {
    this.#registration.dispose();
    this.#changed.dispose();
  }
}
