/** A page's conversation with the extension, whatever its messages: checked ones in, requests with promised answers out. */
import type { LoftErrorData } from "../../schemas/protocol.ts";
import type { Host } from "./messenger.ts";
import { openRequests } from "./requests.ts";

/** What answers a request. */
export type AnswerMessage =
  | { readonly type: "response"; readonly id: number; readonly result: unknown }
  | { readonly type: "failure"; readonly id: number; readonly error: LoftErrorData };

/** How a page checks what it is sent: undefined for anything that no host of ours sends. */
export type PageReaders<Message, State> = {
  readonly message: (value: unknown) => Message | undefined;
  readonly state: (value: unknown) => State | undefined;
};

export type PageHost<Message, State> = {
  /** Ask for the whole state. */
  readonly ready: () => void;
  readonly keptState: () => State | undefined;
  readonly keepState: (state: State) => void;
  readonly listen: (receive: (message: Message) => void) => void;
  /** Send a request with the next number; rejects with `RequestFailure`, also where `read` refuses the result. */
  readonly ask: <T>(name: string, params: unknown, read: (result: unknown) => T | undefined) => Promise<T>;
};

export function connectPage<Message extends { readonly type: string }, State>(
  host: Host,
  readers: PageReaders<Message | AnswerMessage, State>,
): PageHost<Message, State> {
  const requests = openRequests();
  const hear = (value: unknown, receive: (message: Message) => void) => {
    const message = readers.message(value);
    if (message === undefined) return;
    if (isAnswer(message)) requests.answer(message);
    else receive(message);
  };
  return {
    ready: () => host.postMessage({ type: "ready" }),
    keptState: () => readers.state(host.getState()),
    keepState: (state) => host.setState(state),
    listen: (receive) => host.listen((value) => hear(value, receive)),
    ask: (name, params, read) => requests.ask((id) => host.postMessage({ type: "request", id, name, params }), read),
  };
}

function isAnswer(message: { readonly type: string }): message is AnswerMessage {
  return message.type === "response" || message.type === "failure";
}
