/** What the features of one connection share, and how a request about a document is answered. */
import { dirname } from "node:path";
import type { Connection, InitializeParams } from "vscode-languageserver";
import type { ConfigFacts } from "../config/facts.ts";
import type { Analysis } from "./analysis.ts";
import type { OpenDocuments } from "./documents.ts";
import type { FactBook } from "./fact-book.ts";
import type { JsonService } from "./json-service.ts";
import type { KnownFacts } from "./known-facts.ts";
import type { Publisher } from "./publisher.ts";

export type Session = {
  readonly connection: Connection;
  readonly facts: ConfigFacts;
  readonly documents: OpenDocuments;
  /** What the client said of itself, once it has. */
  readonly client: { current?: InitializeParams };
  readonly book: FactBook;
  readonly publisher: Publisher;
  readonly loadService: () => Promise<JsonService>;
  /** Aborted when the connection is closed. */
  readonly stopped: AbortController;
};

/** A document as a feature gets it. */
export type OpenConfig = {
  readonly analysis: Analysis;
  readonly known: KnownFacts;
  /** The folder of the document, where it has one. */
  readonly folder: string | undefined;
};

type Asking = { readonly textDocument: { readonly uri: string } };
type Answer = <Result>(
  params: Asking,
  nothing: Result,
  work: (open: OpenConfig) => Result | Promise<Result>,
) => Result | Promise<Result>;

/** Answers requests from the newest version of their document; `nothing` for a document that is not open. */
export function answering({ documents, book }: Session): Answer {
  return (params, nothing, work) => {
    const analysis = documents.analysisOf(params.textDocument.uri);
    if (analysis === undefined) return nothing;
    const folder = analysis.file === undefined ? undefined : dirname(analysis.file);
    return work({ analysis, known: book.known(analysis), folder });
  };
}
