/** LoFT: New Config from Folder. */
import { basename } from "node:path";
import { CancellationError, FileType, l10n, Uri, window, workspace } from "vscode";
import { uriOf } from "../choose-argument.ts";
import type { Services } from "../services.ts";

/** Write a configuration for a folder of photos and open it; one that is there already is only opened. */
export async function newConfigFromFolder(services: Services, argument: unknown): Promise<Uri> {
  const folder = uriOf(argument) ?? (await chooseFolder());
  const { file, text } = await services.client.request("loft/newConfig", { folder: folder.fsPath });
  const uri = Uri.file(file);
  if (await exists(uri)) {
    void window.showInformationMessage(l10n.t("{0} is there already.", basename(file)));
  } else {
    await workspace.fs.writeFile(uri, new TextEncoder().encode(withoutSchema(text)));
  }
  await window.showTextDocument(uri);
  return uri;
}

/** The extension knows the schema by the file's name; the folder that it lies in changes with every version. */
function withoutSchema(text: string): string {
  return text.replace(/^[ \t]*"\$schema":[^\n]*,\n/m, "");
}

/** Folders of the workspace first, so that the keyboard alone is enough; any other through the dialog. */
async function chooseFolder(): Promise<Uri> {
  const other = { label: l10n.t("$(folder-opened) Another folder…"), uri: undefined };
  const items = (await workspaceFolders()).map((uri) => ({
    label: `$(folder) ${workspace.asRelativePath(uri, 1 < (workspace.workspaceFolders?.length ?? 0))}`,
    uri,
  }));
  const placeHolder = l10n.t("Choose the folder that holds one folder of photos per class");
  const picked = items.length === 0 ? other : await window.showQuickPick([...items, other], { placeHolder });
  if (picked === undefined) throw new CancellationError();
  if (picked.uri !== undefined) return picked.uri;
  const chosen = await window.showOpenDialog({ canSelectFiles: false, canSelectFolders: true, title: placeHolder });
  const [folder] = chosen ?? [];
  if (folder === undefined) throw new CancellationError();
  return folder;
}

/** Folders of the top level that hold folders themselves. */
async function workspaceFolders(): Promise<readonly Uri[]> {
  const roots = (workspace.workspaceFolders ?? []).map(({ uri }) => uri);
  const nested = await Promise.all(roots.map(async (root) => [root, ...(await foldersIn(root))]));
  const checked = nested.flat().map(async (uri) => ({ uri, holdsFolders: 0 < (await foldersIn(uri)).length }));
  return (await Promise.all(checked)).filter(({ holdsFolders }) => holdsFolders).map(({ uri }) => uri);
}

async function foldersIn(folder: Uri): Promise<readonly Uri[]> {
  const entries = await workspace.fs.readDirectory(folder).then(
    (found) => found,
    () => [],
  );
  const isOurs = (name: string): boolean => !name.startsWith(".") && name !== "node_modules" && name !== "runs";
  return entries
    .filter(([name, type]) => type === FileType.Directory && isOurs(name))
    .map(([name]) => Uri.joinPath(folder, name));
}

async function exists(uri: Uri): Promise<boolean> {
  return await workspace.fs.stat(uri).then(
    () => true,
    () => false,
  );
}
