/**
 * Language help without the daemon, for workspaces that are not trusted: their configurations are shown to the editor
 * as JSON with comments, so that its own JSON service checks and completes them by the schema that we contribute.
 */
import { type Disposable, languages, type TextDocument, workspace } from "vscode";
import { isConfigDocument } from "./config-files.ts";

const restrictedLanguage = "jsonc";

/** Does nothing where the workspace is trusted, and takes everything back once it is. */
export function helpInRestrictedMode(): Disposable {
  if (workspace.isTrusted) return { dispose: () => undefined };
  const opening = workspace.onDidOpenTextDocument((document) => void show(document, "loft", restrictedLanguage));
  for (const document of workspace.textDocuments) void show(document, "loft", restrictedLanguage);
  const granting = workspace.onDidGrantWorkspaceTrust(() => {
    opening.dispose();
    for (const document of workspace.textDocuments) void show(document, restrictedLanguage, "loft");
  });
  return {
    dispose: () => {
      opening.dispose();
      granting.dispose();
    },
  };
}

async function show(document: TextDocument, from: string, to: string): Promise<void> {
  if (document.languageId === from && isConfigDocument(document)) await languages.setTextDocumentLanguage(document, to);
}
