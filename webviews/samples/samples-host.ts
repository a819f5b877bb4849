/** The page's conversation with the extension: checked messages in, requests with promised answers out. */
import type { Host } from "../shared/messenger.ts";
import { openRequests } from "../shared/requests.ts";
import {
  type HostMessage,
  type PageMessage,
  type PageParams,
  type PageRequestName,
  type PageResult,
  type PageState,
  readHostMessage,
  readPageState,
  readResult,
} from "./protocol.ts";

export type SamplesHost = {
  /** Ask for a snapshot. */
  readonly ready: () => void;
  /** Rejects with `RequestFailure`. */
  readonly request: <N extends PageRequestName>(name: N, params: PageParams<N>) => Promise<PageResult<N>>;
  readonly keptState: () => PageState | undefined;
  readonly keepState: (state: PageState) => void;
  readonly listen: (receive: (message: HostMessage) => void) => void;
};

export function connectSamplesHost(host: Host): SamplesHost {
  const requests = openRequests();
  const send = (message: PageMessage) => host.postMessage(message);
  const hear = (value: unknown, receive: (message: HostMessage) => void) => {
    const message = readHostMessage(value);
    if (message === undefined) return;
    if (message.type === "response" || message.type === "failure") requests.answer(message);
    else receive(message);
  };
  return {
    ready: () => send({ type: "ready" }),
    keptState: () => readPageState(host.getState()),
    keepState: (state) => host.setState(state),
    listen: (receive) => host.listen((value) => hear(value, receive)),
    request: <N extends PageRequestName>(name: N, params: PageParams<N>) =>
      requests.ask(
        (id) => send({ type: "request", id, name, params } as PageMessage),
        (result) => readResult(name, result),
      ),
  };
}
