/** What the tests inside the editor share. */
import { strict as assert } from "node:assert";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { extensions, type TextDocument, Uri, window, workspace } from "vscode";
import type { LoftExtension } from "../../../extension/extension.ts";

export async function loftExtension(): Promise<LoftExtension> {
  const extension = extensions.getExtension<LoftExtension>("loft.loft");
  assert.ok(extension !== undefined, "the extension loft.loft is installed");
  return await extension.activate();
}

/** A file of the workspace. */
export function fileUri(...parts: readonly string[]): Uri {
  const [folder] = workspace.workspaceFolders ?? [];
  assert.ok(folder !== undefined, "a folder is open");
  return Uri.file(join(folder.uri.fsPath, ...parts));
}

export async function openConfig(name: string, text?: string): Promise<TextDocument> {
  const uri = fileUri(name);
  if (text !== undefined) await workspace.fs.writeFile(uri, new TextEncoder().encode(text));
  const document = await workspace.openTextDocument(uri);
  await window.showTextDocument(document);
  return document;
}

const longest = 30_000;

/** Ask until the answer is there: what the editor shows follows events of other processes. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  milliseconds = longest,
): Promise<T> {
  const deadline = Date.now() + milliseconds;
  while (Date.now() < deadline) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    await sleep(30);
  }
  throw new Error(`waited in vain: ${what}`);
}
