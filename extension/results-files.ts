/** Results of evaluations as the extension finds and opens them; the editor that shows them is loaded when one opens. */
import { basename, dirname, join } from "node:path";
import {
  CancellationError,
  type CustomReadonlyEditorProvider,
  commands,
  type Disposable,
  l10n,
  Uri,
  ViewColumn,
  window,
  workspace,
} from "vscode";
import type { RunId, RunSummary } from "../schemas/protocol.ts";
import { ShownError } from "./loft-error.ts";
import type { Log } from "./log.ts";
import { isLive, type Runs } from "./runs.ts";

/** As package.json and the page call it. */
export const resultsEditorType = "loft.results";

const ending = ".loft-results.json";
const pattern = `**/*${ending}`;
const excluded = "**/{node_modules,.git}/**";
const most = 500;

export type ResultsEditorsOptions = { readonly runs: Runs; readonly log: Log; readonly home: Uri };

/** Shows `*.loft-results.json` as a table; also in several editors at a time. */
export function registerResultsEditors(options: ResultsEditorsOptions): Disposable {
  const provider: CustomReadonlyEditorProvider = {
    openCustomDocument: (uri) => ({ uri, dispose: () => undefined }),
    resolveCustomEditor: async ({ uri }, panel) => {
      const { openResultsEditor } = await import("./results/results-editor.ts");
      await openResultsEditor(panel, uri, options);
    },
  };
  return window.registerCustomEditorProvider(resultsEditorType, provider, { supportsMultipleEditorsPerDocument: true });
}

export function isResults(uri: Uri): boolean {
  return uri.path.endsWith(ending);
}

/** Where the evaluation of a run writes its results. */
export function resultsOf({ folder }: Pick<RunSummary, "folder">): Uri {
  return Uri.file(join(folder, "evaluation", `results${ending}`));
}

export async function isThere(uri: Uri): Promise<boolean> {
  return await Promise.resolve(workspace.fs.stat(uri)).then(
    () => true,
    () => false,
  );
}

/** Beside a configuration that is being edited, else in front. */
export async function showResults(uri: Uri): Promise<void> {
  const viewColumn = window.activeTextEditor === undefined ? ViewColumn.Active : ViewColumn.Beside;
  await commands.executeCommand("vscode.openWith", uri, resultsEditorType, { viewColumn, preserveFocus: true });
}

/** Show the results of a run as soon as they are written; nothing where it ends without. */
export class ResultsOpener implements Disposable {
  readonly #runs: Runs;
  readonly #waiting = new Set<RunId>();
  readonly #subscription: Disposable;
  #isLooking = false;

  constructor(runs: Runs) {
    this.#runs = runs;
    this.#subscription = runs.onDidChange(() => void this.#look());
  }

  openWhenWritten({ run }: RunSummary): void {
    this.#waiting.add(run);
    void this.#look();
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  async #look(): Promise<void> {
    if (this.#isLooking || this.#waiting.size === 0) return;
    this.#isLooking = true;
    try {
      for (const id of [...this.#waiting]) await this.#open(id);
    } finally {
      this.#isLooking = false;
    }
  }

  async #open(id: RunId): Promise<void> {
    const run = this.#runs.get(id);
    const uri = run && resultsOf(run);
    if (uri !== undefined && (await isThere(uri))) {
      this.#waiting.delete(id);
      await showResults(uri);
    } else if (run === undefined || !isLive(run)) this.#waiting.delete(id);
  }
}

/**
 * The results file that the user means: the only one of the workspace, or the one that is picked.
 * @throws ShownError "results-missing" when there is none, CancellationError when the user picks none
 */
export async function chooseResults(): Promise<Uri> {
  const found = (await workspace.findFiles(pattern, excluded, most)).sort((a, b) => (a.path < b.path ? -1 : 1));
  const [first] = found;
  if (first === undefined) throw noResults();
  if (found.length === 1) return first;
  const items = found.map((uri) => ({ label: labelOf(uri), description: workspace.asRelativePath(uri), uri }));
  const picked = await window.showQuickPick(items, { placeHolder: l10n.t("Choose results to look at") });
  if (picked === undefined) throw new CancellationError();
  return picked.uri;
}

export function noResults(): ShownError {
  return new ShownError({
    code: "results-missing",
    what: l10n.t("There are no results yet."),
    fix: l10n.t("Make them with LoFT: Evaluate."),
  });
}

/** "quick-start" of runs/quick-start/evaluation/results.loft-results.json, "faces" of faces.loft-results.json. */
function labelOf({ fsPath }: Uri): string {
  const name = basename(fsPath, ending);
  return name === "results" ? basename(dirname(dirname(fsPath))) : name;
}
