/** When diagnostics are sent: after each burst of changes at once, and again when the disk's answers come. */
import { CodeLensRefreshRequest, type Connection, type InitializeParams } from "vscode-languageserver";
import type { Analysis } from "./analysis.ts";
import { diagnostics } from "./diagnostics.ts";
import type { KnownFacts } from "./known-facts.ts";

export type Publisher = {
  /** The text changed. */
  readonly changed: (uri: string) => void;
  /** Something became known of the world around it. */
  readonly news: (uri: string) => void;
  readonly closed: (uri: string) => void;
  readonly dispose: () => void;
};

type Sources = {
  readonly connection: Pick<Connection, "sendDiagnostics" | "sendRequest" | "languages">;
  readonly analysisOf: (uri: string) => Analysis | undefined;
  readonly known: (analysis: Analysis) => KnownFacts;
  /** Ask for the facts that the document needs. */
  readonly ask: (analysis: Analysis) => void;
  readonly client: { readonly current?: InitializeParams };
};

/** Several cursors, a held key or a paste come as many changes: they are looked at together. */
const burstMilliseconds = 1;

/** The disk is looked at when the typing pauses: half a path names a folder that nobody means. */
const pauseMilliseconds = 200;

/** News come in bursts: lenses and hints are asked for again once per burst. */
const refreshMilliseconds = 100;

/** A publisher for one connection. */
export function createPublisher({ connection, analysisOf, known, ask, client }: Sources): Publisher {
  const due = new Map<string, NodeJS.Timeout>();
  const pauses = new Map<string, NodeJS.Timeout>();
  let refresh: NodeJS.Timeout | undefined;

  function publish(uri: string): void {
    due.delete(uri);
    const analysis = analysisOf(uri);
    if (analysis === undefined) return;
    const { version } = analysis.document;
    send({ uri, version, diagnostics: diagnostics(analysis, known(analysis)) });
  }

  function send(params: Parameters<Connection["sendDiagnostics"]>[0]): void {
    // A client that is gone needs no diagnostics.
    connection.sendDiagnostics(params).catch(() => undefined);
  }

  function soon(uri: string): void {
    if (!due.has(uri)) due.set(uri, setTimeout(publish, burstMilliseconds, uri));
  }

  function refreshSoon(): void {
    refresh ??= setTimeout(() => {
      refresh = undefined;
      const workspace = client.current?.capabilities.workspace;
      if (workspace?.codeLens?.refreshSupport === true)
        connection.sendRequest(CodeLensRefreshRequest.type).catch(() => undefined);
      if (workspace?.inlayHint?.refreshSupport === true)
        connection.languages.inlayHint.refresh().catch(() => undefined);
    }, refreshMilliseconds);
  }

  function stop(uri: string): void {
    clearTimeout(due.get(uri));
    clearTimeout(pauses.get(uri));
    due.delete(uri);
    pauses.delete(uri);
  }

  return {
    changed: (uri) => {
      soon(uri);
      clearTimeout(pauses.get(uri));
      const look = () => {
        const analysis = analysisOf(uri);
        if (analysis !== undefined) ask(analysis);
      };
      pauses.set(uri, setTimeout(look, pauseMilliseconds));
    },
    news: (uri) => {
      soon(uri);
      refreshSoon();
    },
    closed: (uri) => {
      stop(uri);
      send({ uri, diagnostics: [] });
    },
    dispose: () => {
      for (const uri of new Set([...due.keys(), ...pauses.keys()])) stop(uri);
      clearTimeout(refresh);
    },
  };
}
