/** The results page's conversation with the extension: checked messages in, requests with promised answers out. */
import type { Host } from "../shared/messenger.ts";
import { openRequests } from "../shared/requests.ts";
import {
  type ResultsHostMessage,
  type ResultsPageMessage,
  type ResultsPageState,
  type ResultsParams,
  type ResultsRequestName,
  type ResultsResult,
  readResultsHostMessage,
  readResultsPageState,
  readResultsResult,
} from "./protocol.ts";

export type ResultsHost = {
  /** Ask for the content of the file. */
  readonly ready: () => void;
  /** Rejects with `RequestFailure`. */
  readonly request: <N extends ResultsRequestName>(name: N, params: ResultsParams<N>) => Promise<ResultsResult<N>>;
  readonly keptState: () => ResultsPageState | undefined;
  readonly keepState: (state: ResultsPageState) => void;
  readonly listen: (receive: (message: ResultsHostMessage) => void) => void;
};

export function connectResultsHost(host: Host): ResultsHost {
  const requests = openRequests();
  const send = (message: ResultsPageMessage) => host.postMessage(message);
  const hear = (value: unknown, receive: (message: ResultsHostMessage) => void) => {
    const message = readResultsHostMessage(value);
    if (message === undefined) return;
    if (message.type === "response" || message.type === "failure") requests.answer(message);
    else receive(message);
  };
  return {
    ready: () => send({ type: "ready" }),
    keptState: () => readResultsPageState(host.getState()),
    keepState: (state) => host.setState(state),
    listen: (receive) => host.listen((value) => hear(value, receive)),
    request: <N extends ResultsRequestName>(name: N, params: ResultsParams<N>) =>
      requests.ask(
        (id) => send({ type: "request", id, name, params } as ResultsPageMessage),
        (result) => readResultsResult(name, result),
      ),
  };
}
