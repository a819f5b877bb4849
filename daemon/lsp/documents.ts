/** The open documents of one connection, each version analyzed once. */
import { type Connection, TextDocuments } from "vscode-languageserver";
import { TextDocument } from "vscode-languageserver-textdocument";
import type { BaseFile } from "../config/inheritance.ts";
import { type Analysis, analyze } from "./analysis.ts";

export type OpenDocuments = {
  readonly events: TextDocuments<TextDocument>;
  /** The newest version; undefined for a document that is not open. */
  readonly analysisOf: (uri: string) => Analysis | undefined;
  /** A file that the document extends has changed: its analysis is made anew. */
  readonly renew: (uri: string) => void;
};

/**
 * Documents that follow the notifications of a connection, changes applied piece by piece.
 * @param baseAt the files that they extend
 */
export function openDocuments(connection: Connection, baseAt: (file: string) => BaseFile | undefined): OpenDocuments {
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
      const analysis = analyze(uri, document.version, document.getText(), baseAt);
      analyses.set(uri, analysis);
      return analysis;
    },
    renew: (uri) => analyses.delete(uri),
  };
}
