/**
 * The host's half of one results editor: reads the file, tells the page what it holds and when it changes, and answers
 * what the page asks. A bundle of its own, loaded with the first results.
 */
import { readFile, realpath } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { commands, type Disposable, env, l10n, RelativePattern, Uri, type WebviewPanel, workspace } from "vscode";
import type { RunProgress, RunSummary } from "../../schemas/protocol.ts";
import type { LoftResults } from "../../schemas/results.ts";
import {
  type Live,
  type ResultsHostMessage,
  type ResultsRequest,
  type ResultsRequestName,
  type ResultsResult,
  readResultsFile,
  readResultsPageMessage,
} from "../../webviews/results/protocol.ts";
import { describeError, errorForLog, ShownError } from "../loft-error.ts";
import { pageHtml } from "../panels/page-html.ts";
import type { ResultsEditorsOptions } from "../results-files.ts";
import { isLive } from "../runs.ts";
import { ResultsPictures } from "./results-pictures.ts";

/** Fill a panel with the results of a file, and keep it up to date until it is closed. */
export async function openResultsEditor(panel: WebviewPanel, uri: Uri, options: ResultsEditorsOptions): Promise<void> {
  const pictures = new ResultsPictures(uri.fsPath, panel.webview);
  const dist = Uri.joinPath(options.home, "dist");
  let allowed = "";
  const allow = async () => {
    const roots = [dist, ...(await pictures.roots())];
    // Setting them loads the page anew.
    const named = roots.join("\n");
    if (named === allowed) return;
    allowed = named;
    panel.webview.options = { enableScripts: true, localResourceRoots: roots };
  };
  await allow();
  const runFolder = await realpath(dirname(dirname(uri.fsPath))).catch(() => dirname(dirname(uri.fsPath)));
  const editor = new ResultsEditor(panel, { ...options, uri, pictures, runFolder, allow });
  panel.webview.html = pageHtml(panel.webview, dist, { name: "results", title: basename(uri.fsPath) });
  panel.onDidDispose(() => editor.dispose());
}

type EditorOptions = ResultsEditorsOptions & {
  readonly uri: Uri;
  readonly pictures: ResultsPictures;
  /** Real path of the run that the results belong to. */
  readonly runFolder: string;
  /** Let the page show the pictures that there are now. */
  readonly allow: () => Promise<void>;
};

/** At most four messages a second. */
const pace = 250;

class ResultsEditor implements Disposable {
  readonly #panel: WebviewPanel;
  readonly #options: EditorOptions;
  readonly #subscriptions: readonly Disposable[];
  #timer: NodeJS.Timeout | undefined;
  /** The file changed since it was last told. */
  #isStale = true;
  #results: LoftResults | undefined;
  #toldLive: string | undefined;

  constructor(panel: WebviewPanel, options: EditorOptions) {
    this.#panel = panel;
    this.#options = options;
    const { uri, runs } = options;
    const folder = Uri.joinPath(uri, "..");
    const watcher = workspace.createFileSystemWatcher(new RelativePattern(folder, basename(uri.fsPath)));
    const changed = () => this.#schedule(true);
    this.#subscriptions = [
      watcher,
      watcher.onDidChange(changed),
      watcher.onDidCreate(changed),
      watcher.onDidDelete(changed),
      panel.webview.onDidReceiveMessage((message: unknown) => this.#receive(message)),
      runs.onDidChange(() => this.#schedule(false)),
      workspace.onDidGrantWorkspaceTrust(() => void options.allow()),
    ];
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #schedule(isStale: boolean): void {
    this.#isStale ||= isStale;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#tell();
    }, pace);
  }

  #receive(value: unknown): void {
    const message = readResultsPageMessage(value);
    if (message === undefined) this.#options.log.warn("The results page sent a message that is not ours.");
    else if (message.type === "ready") {
      this.#isStale = true;
      void this.#tell();
    } else void this.#answer(message);
  }

  /** A hidden page gets nothing: it asks for everything again when it is shown. */
  async #tell(): Promise<void> {
    if (!this.#panel.visible) return;
    const live = this.#live();
    if (!this.#isStale) {
      this.#tellLive(live);
      return;
    }
    this.#isStale = false;
    await this.#options.allow();
    const reading = await this.#read();
    this.#results = "results" in reading ? reading.results : undefined;
    this.#toldLive = JSON.stringify(live ?? null);
    if ("error" in reading) this.#post({ type: "unreadable", error: reading.error });
    else this.#post({ type: "results", results: reading.results, ...(live === undefined ? {} : { live }) });
  }

  #tellLive(live: Live | undefined): void {
    const told = JSON.stringify(live ?? null);
    if (told === this.#toldLive) return;
    this.#toldLive = told;
    this.#post({ type: "live", live: live ?? null });
  }

  async #read(): Promise<ReturnType<typeof readResultsFile>> {
    try {
      return readResultsFile(await readFile(this.#options.uri.fsPath, "utf8"));
    } catch (error) {
      this.#options.log.warn(`Results cannot be read: ${errorForLog(error)}`);
      const what = l10n.t("{0} cannot be read: it was moved, deleted, or may not be opened.", this.#name());
      return { error: { code: "results-missing", what, fix: l10n.t("Make it again with LoFT: Evaluate.") } };
    }
  }

  #name(): string {
    return basename(this.#options.uri.fsPath);
  }

  /** The evaluation that writes this file now. */
  #live(): Live | undefined {
    const { runs, runFolder } = this.#options;
    const run = runs.all().find((one) => one.work === "evaluate" && isLive(one) && one.folder === runFolder);
    return run && { text: liveText(run), share: run.progress?.share ?? null };
  }

  async #answer(request: ResultsRequest): Promise<void> {
    const { id } = request;
    try {
      this.#post({ type: "response", id, result: await this.#resultOf(request) });
    } catch (error) {
      this.#options.log.warn(`The results page's ${request.name} failed: ${errorForLog(error)}`);
      this.#post({ type: "failure", id, error: describeError(error) });
    }
  }

  async #resultOf(request: ResultsRequest): Promise<ResultsResult<ResultsRequestName>> {
    const { pictures, uri } = this.#options;
    switch (request.name) {
      case "pictures":
        return await pictures.judged(request.params);
      case "sets":
        return await pictures.sets(request.params);
      case "hits":
        if (this.#results === undefined) throw nothingShown();
        return await pictures.hits(this.#results);
      case "openImage": {
        const image = pictures.fileOf(request.params.uri);
        if (image !== undefined) await commands.executeCommand("vscode.open", image, { preview: true });
        return null;
      }
      case "copy":
        await env.clipboard.writeText(request.params.text);
        return null;
      case "openText":
        await commands.executeCommand("vscode.openWith", uri, "default");
        return null;
    }
  }

  #post(message: ResultsHostMessage): void {
    void this.#panel.webview.postMessage(message);
  }
}

function liveText({ state, progress }: RunSummary): string {
  if (state === "queued") return l10n.t("Waiting for another run");
  if (state === "cancelling") return l10n.t("Stopping");
  return progress === undefined ? l10n.t("Starting") : stageText(progress);
}

function stageText({ stage, adaptersDone, adapters, imagesDone, images }: RunProgress): string {
  switch (stage) {
    case "loading":
      return l10n.t("Starting");
    case "training":
      return l10n.t("Training adapters, {0} of {1}", adaptersDone, adapters);
    case "sampling":
      return l10n.t("Making images, {0} of {1}", imagesDone, images);
    case "evaluating":
      return l10n.t("Training classifiers, {0} of {1}", adaptersDone, adapters);
  }
}

function nothingShown(): ShownError {
  return new ShownError({
    code: "results-missing",
    what: l10n.t("There are no results to compare."),
    fix: l10n.t("Make them with LoFT: Evaluate."),
  });
}
