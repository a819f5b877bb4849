/** The language server for `*.loft.json` on a given connection: binds each feature to its request. Computes nothing itself. */
import {
  CodeActionKind,
  type Connection,
  ErrorCodes,
  type InitializeParams,
  type InitializeResult,
  ResponseError,
  TextDocumentSyncKind,
} from "vscode-languageserver";
import type { ConfigFacts } from "../config/facts.ts";
import { codeActions } from "./code-actions.ts";
import { codeLenses } from "./code-lens.ts";
import { completion } from "./completion.ts";
import { definition } from "./definition.ts";
import { documentLinks } from "./document-links.ts";
import { openDocuments } from "./documents.ts";
import { createFactBook } from "./fact-book.ts";
import { filePathOf } from "./file-path.ts";
import { formatting } from "./formatting.ts";
import { hover } from "./hover.ts";
import { inlayHints } from "./inlay-hints.ts";
import { lazyJsonService } from "./json-service.ts";
import { documentSymbols, foldingRanges, selectionRanges } from "./outline.ts";
import { createPublisher } from "./publisher.ts";
import { prepareRename, renameClass } from "./rename-class.ts";
import { answering, type Session } from "./session.ts";
import { withoutSnippet } from "./snippet.ts";

/** How many seconds a fact of the disk is good for while somebody types. */
const factsMaxAgeSeconds = 3;

export type LanguageServer = {
  /** Ask for everything anew: call it when a run has begun or ended, or a model was added. */
  readonly refresh: () => void;
  /** Call it when the connection is closed: whatever is still asked is called off. */
  readonly dispose: () => void;
};

/**
 * Serve one client. Handlers for the protocol are registered here, `connection.listen()` is left to the caller, who may
 * register requests of its own on the same connection.
 * @param facts who looks at the disk and knows what a run costs
 */
export function registerLanguageServer(connection: Connection, facts: ConfigFacts): LanguageServer {
  const session = createSession(connection, facts);
  connection.onInitialize((params) => {
    session.client.current = params;
    return initializeResult();
  });
  followDocuments(session);
  registerReading(session);
  registerChanging(session);
  return {
    refresh: () => {
      for (const uri of session.documents.events.keys()) askAnew(session, uri);
    },
    dispose: () => {
      session.stopped.abort();
      session.publisher.dispose();
      session.book.dispose();
    },
  };
}

function createSession(connection: Connection, facts: ConfigFacts): Session {
  const client: Session["client"] = {};
  const book = createFactBook(
    facts,
    (uri, what) => {
      if (what === "base") askAgain(uri);
      publisher.news(uri);
    },
    () => performance.now() / 1000,
  );
  const documents = openDocuments(connection, book.baseAt);
  /** With another base the text has other values: other folders, another cost. */
  function askAgain(uri: string): void {
    documents.renew(uri);
    const analysis = documents.analysisOf(uri);
    if (analysis === undefined) return;
    book.ask(analysis, factsMaxAgeSeconds);
    book.askCost(analysis);
  }
  const publisher = createPublisher({
    connection,
    analysisOf: documents.analysisOf,
    known: book.known,
    ask: (analysis) => book.ask(analysis, factsMaxAgeSeconds),
    client,
  });
  const loadService = lazyJsonService();
  return { connection, facts, documents, client, book, publisher, loadService, stopped: new AbortController() };
}

function initializeResult(): InitializeResult {
  return {
    serverInfo: { name: "LoFT" },
    capabilities: {
      textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: { includeText: false } },
      completionProvider: { triggerCharacters: ['"', ":", "/"] },
      hoverProvider: true,
      codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix, CodeActionKind.RefactorRewrite] },
      codeLensProvider: {},
      inlayHintProvider: true,
      documentFormattingProvider: true,
      documentRangeFormattingProvider: true,
      documentSymbolProvider: true,
      foldingRangeProvider: true,
      selectionRangeProvider: true,
      documentLinkProvider: {},
      definitionProvider: true,
      renameProvider: { prepareProvider: true },
    },
  };
}

function askAnew({ documents, book }: Session, uri: string): void {
  const analysis = documents.analysisOf(uri);
  if (analysis === undefined) return;
  book.ask(analysis, 0);
  book.askCost(analysis);
}

function followDocuments(session: Session): void {
  const { documents, book, publisher, loadService } = session;
  const { events } = documents;
  events.onDidOpen(({ document }) => {
    askAnew(session, document.uri);
    // Loading takes longer than answering: begun now, it is done when the first completion is asked for.
    setTimeout(() => void loadService(), 100).unref();
  });
  events.onDidChangeContent(({ document }) => publisher.changed(document.uri));
  events.onDidSave(({ document }) => {
    for (const uri of [document.uri, ...extending(session, document.uri)]) askAnew(session, uri);
    publisher.changed(document.uri);
  });
  events.onDidClose(({ document }) => {
    book.forget(document.uri);
    publisher.closed(document.uri);
  });
}

/** The open documents that inherit from one of them. */
function extending({ documents }: Session, uri: string): readonly string[] {
  const file = filePathOf(uri);
  return documents.events.keys().filter((other) => {
    const inheritance = documents.analysisOf(other)?.inheritance;
    return inheritance?.failed === file || inheritance?.bases.some((base) => base.file === file) === true;
  });
}

/** Features that tell. */
function registerReading(session: Session): void {
  const { connection, loadService } = session;
  const answer = answering(session);
  connection.onHover((params) =>
    answer(params, null, ({ analysis, known }) => hover(analysis, params.position, known)),
  );
  connection.onCodeLens((params) => answer(params, [], ({ analysis, known }) => codeLenses(analysis, known)));
  connection.languages.inlayHint.on((params) =>
    answer(params, [], ({ analysis, known }) => inlayHints(analysis, params.range, known)),
  );
  connection.onDocumentSymbol((params) => answer(params, [], ({ analysis }) => documentSymbols(analysis)));
  connection.onFoldingRanges((params) =>
    answer(params, [], async ({ analysis }) => foldingRanges(await loadService(), analysis)),
  );
  connection.onSelectionRanges((params) =>
    answer(params, [], async ({ analysis }) => selectionRanges(await loadService(), analysis, params.positions)),
  );
  connection.onDefinition((params) => answer(params, null, ({ analysis }) => definition(analysis, params.position)));
  connection.onDocumentLinks((params) => answer(params, [], ({ analysis, known }) => documentLinks(analysis, known)));
}

/** Features that propose changes. */
function registerChanging(session: Session): void {
  const { connection, facts, loadService, client } = session;
  const answer = answering(session);
  connection.onCompletion((params, token) =>
    answer(params, null, async ({ analysis, known }) => {
      const asked = AbortSignal.any([session.stopped.signal, signalOf(token)]);
      const list = await completion(analysis, params.position, { facts, known, loadService, signal: asked });
      return takesSnippets(client.current) ? list : { ...list, items: list.items.map(withoutSnippet) };
    }),
  );
  connection.onCodeAction((params) =>
    answer(params, [], ({ analysis, known, folder }) => {
      const schemaReference = folder === undefined ? undefined : facts.schemaReference(folder);
      return codeActions(analysis, params.range, { known, schemaReference });
    }),
  );
  connection.onDocumentFormatting((params) =>
    answer(params, [], ({ analysis }) => formatting(analysis, params.options)),
  );
  connection.onDocumentRangeFormatting((params) =>
    answer(params, [], ({ analysis }) => formatting(analysis, params.options, params.range)),
  );
  connection.onPrepareRename((params) =>
    answer(params, null, ({ analysis }) => prepareRename(analysis, params.position)),
  );
  connection.onRenameRequest((params) =>
    answer(params, null, ({ analysis }) => {
      const renamed = renameClass(analysis, params.position, params.newName);
      if (renamed !== null && "refused" in renamed) throw new ResponseError(ErrorCodes.InvalidRequest, renamed.refused);
      return renamed;
    }),
  );
}

function takesSnippets(client: InitializeParams | undefined): boolean {
  return client?.capabilities.textDocument?.completion?.completionItem?.snippetSupport === true;
}

/** A request's cancellation as Node knows it. */
function signalOf(token: { readonly onCancellationRequested: (listener: () => void) => unknown }): AbortSignal {
  const controller = new AbortController();
  token.onCancellationRequested(() => controller.abort());
  return controller.signal;
}
