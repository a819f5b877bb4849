/** The configurations of the workspace: found once, watched from then on, and chosen by the user where needed. */
import { basename } from "node:path";
import {
  CancellationError,
  commands,
  type Disposable,
  EventEmitter,
  l10n,
  type TextDocument,
  type Uri,
  window,
  workspace,
} from "vscode";
import { ShownError } from "./loft-error.ts";

const pattern = "**/*.loft.json";
const excluded = "**/{node_modules,.git,runs}/**";
const most = 500;

export class ConfigFiles implements Disposable {
  readonly #changed = new EventEmitter<void>();
  readonly #watcher = workspace.createFileSystemWatcher(pattern, false, true, false);
  readonly #folders: Disposable;
  #files: readonly Uri[] = [];
  #looking: Promise<void> | undefined;

  readonly onDidChange = this.#changed.event;

  constructor() {
    const look = () => void this.#look();
    this.#watcher.onDidCreate(look);
    this.#watcher.onDidDelete(look);
    this.#folders = workspace.onDidChangeWorkspaceFolders(look);
  }

  /** In the order of their paths. */
  async all(): Promise<readonly Uri[]> {
    this.#looking ??= this.#look();
    await this.#looking;
    return this.#files;
  }

  dispose(): void {
    this.#watcher.dispose();
    this.#folders.dispose();
    this.#changed.dispose();
  }

  async #look(): Promise<void> {
    const found = await workspace.findFiles(pattern, excluded, most);
    this.#files = found.filter(({ scheme }) => scheme === "file").sort((a, b) => (a.fsPath < b.fsPath ? -1 : 1));
    await commands.executeCommand("setContext", "loft.hasConfig", 0 < this.#files.length);
    await commands.executeCommand("setContext", "loft.looked", true);
    this.#changed.fire();
  }
}

export function isConfig(uri: Uri): boolean {
  return uri.scheme === "file" && uri.path.endsWith(".loft.json");
}

/** The configuration in the active editor. */
export function activeConfig(): Uri | undefined {
  const uri = window.activeTextEditor?.document.uri;
  return uri !== undefined && isConfig(uri) ? uri : undefined;
}

/**
 * The configuration that a command is about: the active one, the only one, or the one the user picks.
 * @throws ShownError "config-missing" when there is none, CancellationError when the user picks none
 */
export async function chooseConfig(files: ConfigFiles): Promise<Uri> {
  const active = activeConfig();
  if (active !== undefined) return active;
  const all = await files.all();
  const [first] = all;
  if (first === undefined) {
    throw new ShownError({
      code: "config-missing",
      what: l10n.t("There is no *.loft.json in this workspace."),
      fix: l10n.t("Make one with LoFT: New Config from Folder."),
    });
  }
  if (all.length === 1) return first;
  const items = all.map((uri) => ({ label: basename(uri.fsPath), description: workspace.asRelativePath(uri), uri }));
  const picked = await window.showQuickPick(items, { placeHolder: l10n.t("Choose a configuration") });
  if (picked === undefined) throw new CancellationError();
  return picked.uri;
}

/** Save what the user has not saved yet: runs read the file. */
export async function saveConfig(config: Uri): Promise<void> {
  const document = workspace.textDocuments.find(({ uri }) => uri.toString() === config.toString());
  if (document?.isDirty === true && !(await document.save())) {
    throw new ShownError({
      code: "config-unsaved",
      what: l10n.t("{0} could not be saved.", basename(config.fsPath)),
      fix: l10n.t("Save it, then try again."),
    });
  }
}

export function isConfigDocument({ uri }: TextDocument): boolean {
  return isConfig(uri);
}
