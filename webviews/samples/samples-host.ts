/** The page's conversation with the extension: checked messages in, requests with promised answers out. */
import type { LoftErrorData } from "../../schemas/protocol.ts";
import type { Host } from "../shared/messenger.ts";
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

/** A request that the other side refused, in its words. */
export class RequestFailure extends Error {
  readonly data: LoftErrorData;

  constructor(data: LoftErrorData) {
    super(data.what);
    this.name = "RequestFailure";
    this.data = data;
  }
}

type Waiting = {
  readonly take: (result: unknown) => boolean;
  readonly fail: (error: LoftErrorData) => void;
};

export function connectSamplesHost(host: Host): SamplesHost {
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  const send = (message: PageMessage) => host.postMessage(message);
  return {
    ready: () => send({ type: "ready" }),
    keptState: () => readPageState(host.getState()),
    keepState: (state) => host.setState(state),
    listen: (receive) => host.listen((value) => hear(value, waiting, receive)),
    request: <N extends PageRequestName>(name: N, params: PageParams<N>) =>
      new Promise<PageResult<N>>((resolve, reject) => {
        lastId += 1;
        const fail = (error: LoftErrorData) => reject(new RequestFailure(error));
        waiting.set(lastId, { take: (result) => resolveWith(readResult(name, result), resolve), fail });
        send({ type: "request", id: lastId, name, params } as PageMessage);
      }),
  };
}

/** What a person is told when a request failed. */
export function failureOf(error: unknown): LoftErrorData {
  return error instanceof RequestFailure ? error.data : unreadable;
}

const unreadable: LoftErrorData = {
  code: "answer-unreadable",
  what: "The answer to a request of this panel makes no sense.",
  fix: "Reload the window; if it happens again, the extension and the daemon are of different versions: restart the daemon.",
};

function hear(value: unknown, waiting: Map<number, Waiting>, receive: (message: HostMessage) => void): void {
  const message = readHostMessage(value);
  if (message === undefined) return;
  if (message.type !== "response" && message.type !== "failure") {
    receive(message);
    return;
  }
  const asked = waiting.get(message.id);
  waiting.delete(message.id);
  if (message.type === "failure") asked?.fail(message.error);
  else if (asked?.take(message.result) === false) asked.fail(unreadable);
}

function resolveWith<T>(result: T | undefined, resolve: (result: T) => void): boolean {
  if (result === undefined) return false;
  resolve(result);
  return true;
}
