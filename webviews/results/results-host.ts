/** The results page's conversation with the extension: checked messages in, requests with promised answers out. */
import type { Host } from "../shared/messenger.ts";
import { connectPage, type PageHost } from "../shared/page-host.ts";
import {
  type ResultsHostMessage,
  type ResultsPageState,
  type ResultsParams,
  type ResultsRequestName,
  type ResultsResult,
  readResultsHostMessage,
  readResultsPageState,
  readResultsResult,
} from "./protocol.ts";

export type ResultsHost = Omit<PageHost<ResultsHostMessage, ResultsPageState>, "ask"> & {
  /** Rejects with `RequestFailure`. */
  readonly request: <N extends ResultsRequestName>(name: N, params: ResultsParams<N>) => Promise<ResultsResult<N>>;
};

export function connectResultsHost(host: Host): ResultsHost {
  const readers = { message: readResultsHostMessage, state: readResultsPageState };
  const { ask, ...page } = connectPage<ResultsHostMessage, ResultsPageState>(host, readers);
  return { ...page, request: (name, params) => ask(name, params, (result) => readResultsResult(name, result)) };
}
