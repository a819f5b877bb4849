/** Text for snippets of the Language Server Protocol, and snippets as plain text for editors without them. */
import { type CompletionItem, InsertTextFormat } from "vscode-languageserver";

/** Text that a snippet inserts as it is. */
export function snippetText(text: string): string {
  return text.replace(/[\\$}]/g, "\\$&");
}

/** A choice placeholder; a single choice is an ordinary one. */
export function choiceText(place: number, choices: readonly string[]): string {
  if (choices.length < 2) return `\${${place}:${snippetText(choices[0] ?? "")}}`;
  return `\${${place}|${choices.map((choice) => choice.replace(/[\\$},|]/g, "\\$&")).join(",")}|}`;
}

/** The item for an editor that cannot insert snippets: the first choice, the proposed value, no stops. */
export function withoutSnippet(item: CompletionItem): CompletionItem {
  if (item.insertTextFormat !== InsertTextFormat.Snippet) return item;
  const { insertText, textEdit } = item;
  return {
    ...item,
    insertTextFormat: InsertTextFormat.PlainText,
    ...(insertText === undefined ? {} : { insertText: plainText(insertText) }),
    ...(textEdit === undefined ? {} : { textEdit: { ...textEdit, newText: plainText(textEdit.newText) } }),
  };
}

function plainText(snippet: string): string {
  return snippet
    .replace(/(?<!\\)\$\{\d+\|((?:\\.|[^\\|,])*)(?:,(?:\\.|[^\\|])*)?\|\}/g, "$1")
    .replace(/(?<!\\)\$\{\d+:((?:\\.|[^\\}])*)\}/g, "$1")
    .replace(/(?<!\\)\$(?:\{\d+\}|\d+)/g, "")
    .replace(/\\([\\$},|])/g, "$1");
}
