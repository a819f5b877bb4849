/** Requests of a page to the extension, each with a number, and the answers that come back in any order. */
import type { LoftErrorData } from "../../schemas/protocol.ts";

/** A request that the other side refused, in its words. */
export class RequestFailure extends Error {
  readonly data: LoftErrorData;

  constructor(data: LoftErrorData) {
    super(data.what);
    this.name = "RequestFailure";
    this.data = data;
  }
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

type Answer =
  | { readonly type: "response"; readonly id: number; readonly result: unknown }
  | { readonly type: "failure"; readonly id: number; readonly error: LoftErrorData };

export type OpenRequests = {
  /**
   * Send a request with the next number, and wait for the answer that `read` accepts.
   * @throws RequestFailure
   */
  readonly ask: <T>(send: (id: number) => void, read: (result: unknown) => T | undefined) => Promise<T>;
  /** Pass an answer to whoever asked. */
  readonly answer: (answer: Answer) => void;
};

type Waiting = {
  readonly take: (result: unknown) => boolean;
  readonly fail: (error: LoftErrorData) => void;
};

export function openRequests(): OpenRequests {
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  return {
    ask: <T>(send: (id: number) => void, read: (result: unknown) => T | undefined) =>
      new Promise<T>((resolve, reject) => {
        lastId += 1;
        const fail = (error: LoftErrorData) => reject(new RequestFailure(error));
        waiting.set(lastId, { take: (result) => resolveWith(read(result), resolve), fail });
        send(lastId);
      }),
    answer: (answer) => {
      const asked = waiting.get(answer.id);
      waiting.delete(answer.id);
      if (answer.type === "failure") asked?.fail(answer.error);
      else if (asked?.take(answer.result) === false) asked.fail(unreadable);
    },
  };
}

function resolveWith<T>(result: T | undefined, resolve: (result: T) => void): boolean {
  if (result === undefined) return false;
  resolve(result);
  return true;
}
