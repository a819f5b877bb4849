/** The open documents of one connection, each version analyzed once. */
import { type Connection, TextDocuments } from "vscode-languageserver";
import { TextDocument } from "vscode-languageserver-textdocument";
import { type Analysis, analyze } from "./analysis.ts";

export type OpenDocuments = {
  readonly events: TextDocuments<TextDocument>;
  /** The newest version; undefined for a document that is not open. */
  readonly analysisOf: (uri: string) => Analysis | undefined;
};

/** Documents that follow the notifications of a connection, changes applied piece by piece. */
export function openDocuments(connection: Connection): OpenDocuments {
  const events = new TextDocuments(TextDocument);
  const analyses = new Map<string, Analysis>();
  events.onDidChangeContent(({ document }) => analyses.delete(document.uri));
  events.onDidClose(({ document }) => analyses.delete(document.uri));
  events.listen(connection);
  return {
    events,
    analysisOf: (uri) => {
      const document = events.get(uri);
      if (document === undefined) return undefined;
      const last = analyses.get(uri);
      if (last !== undefined) return last;
      const analysis = analyze(uri, document.version, document.getText());
      analyses.set(uri, analysis);
      return analysis;
    },
  };
}
