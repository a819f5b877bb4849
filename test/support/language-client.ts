/** A plain client of the Language Server Protocol over a pair of streams, and a server on the other end. */
import { PassThrough } from "node:stream";
import {
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-jsonrpc/node";
import { createConnection, type Diagnostic } from "vscode-languageserver";
import {
  createProtocolConnection,
  StreamMessageReader as ServerReader,
  StreamMessageWriter as ServerWriter,
} from "vscode-languageserver/node";
import type { ConfigFacts } from "../../daemon/config/facts.ts";
import { registerLanguageServer } from "../../daemon/lsp/server.ts";

export type Published = {
  readonly uri: string;
  readonly version?: number;
  readonly diagnostics: readonly Diagnostic[];
};

export type LanguageClient = {
  readonly connection: MessageConnection;
  readonly request: <Result>(method: string, params: unknown) => Promise<Result>;
  readonly notify: (method: string, params: unknown) => Promise<void>;
  /** The next diagnostics that pass; those that came before count too, each once. */
  readonly diagnostics: (passes: (published: Published) => boolean) => Promise<Published>;
  readonly open: (uri: string, text: string) => Promise<void>;
  readonly close: () => void;
};

/** A client of a server in this process, initialized. */
export async function clientInProcess(facts: ConfigFacts, capabilities: object = {}): Promise<LanguageClient> {
  const [toServer, toClient] = [new PassThrough(), new PassThrough()];
  const watchDog = { shutdownReceived: false, initialize: () => undefined, exit: () => undefined };
  const server = createConnection(
    (logger) => createProtocolConnection(new ServerReader(toServer), new ServerWriter(toClient), logger),
    watchDog,
  );
  const registered = registerLanguageServer(server, facts);
  server.listen();
  const client = languageClient(new StreamMessageReader(toClient), new StreamMessageWriter(toServer), () => {
    registered.dispose();
    server.dispose();
  });
  await initialize(client, capabilities);
  return client;
}

/** The first exchange of every client. */
export async function initialize(client: LanguageClient, capabilities: object): Promise<unknown> {
  const result = await client.request("initialize", { processId: null, rootUri: null, capabilities });
  await client.notify("initialized", {});
  return result;
}

/** A client over any pair of streams. */
export function languageClient(
  reader: StreamMessageReader,
  writer: StreamMessageWriter,
  onClose: () => void,
): LanguageClient {
  const connection = createMessageConnection(reader, writer);
  const seen: Published[] = [];
  const waiting: {
    readonly passes: (published: Published) => boolean;
    readonly done: (published: Published) => void;
  }[] = [];
  connection.onNotification("textDocument/publishDiagnostics", (published: Published) => {
    const index = waiting.findIndex(({ passes }) => passes(published));
    if (index < 0) seen.push(published);
    else waiting.splice(index, 1)[0]?.done(published);
  });
  connection.listen();
  const notify = (method: string, params: unknown) => connection.sendNotification(method, params);
  return {
    connection,
    request: (method, params) => connection.sendRequest(method, params),
    notify,
    diagnostics: (passes) => {
      const index = seen.findIndex(passes);
      if (0 <= index) return Promise.resolve(seen.splice(0, index + 1)[index] as Published);
      return new Promise((done) => waiting.push({ passes, done }));
    },
    open: (uri, text) =>
      notify("textDocument/didOpen", { textDocument: { uri, languageId: "loft", version: 1, text } }),
    close: () => {
      connection.dispose();
      onClose();
    },
  };
}
