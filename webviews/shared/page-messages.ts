/** Checks of what every page and its host say to each other: requests, answers, errors. Knows no page's requests. */
import type { LoftErrorData } from "../../schemas/protocol.ts";
import { type Check, isCount, isObject, isOneOf, isText } from "./check.ts";
import type { AnswerMessage } from "./page-host.ts";

/** Parameters of a request that needs none. */
export type NoParams = Record<string, never>;

export const isNoParams: Check<NoParams> = (value): value is NoParams =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;

export const isErrorData = isObject<LoftErrorData>({ code: isText, what: isText, fix: isText });

/** Whoever gets it checks it. */
export function isUnknown(_value: unknown): _value is unknown {
  return true;
}

type Response = Extract<AnswerMessage, { readonly type: "response" }>;
type Failure = Extract<AnswerMessage, { readonly type: "failure" }>;

/** For `isTagged`: the two answers to a request. */
export const answerChecks: { readonly response: Check<Response>; readonly failure: Check<Failure> } = {
  response: isObject<Response>({ type: isOneOf("response"), id: isCount, result: isUnknown }),
  failure: isObject<Failure>({ type: isOneOf("failure"), id: isCount, error: isErrorData }),
};

type RawRequest = { readonly type: "request"; readonly id: number; readonly name: string; readonly params: unknown };

const isReady = isObject<{ readonly type: "ready" }>({ type: isOneOf("ready") });
const isRawRequest = isObject<RawRequest>({ type: isOneOf("request"), id: isCount, name: isText, params: isUnknown });

/** `ready`, or a request with a known name and the parameters of that name. */
export function isPageMessage<Message>(paramsChecks: { readonly [name: string]: Check<unknown> }): Check<Message> {
  return (value): value is Message => {
    if (isReady(value)) return true;
    return isRawRequest(value) && Object.hasOwn(paramsChecks, value.name) && paramsChecks[value.name]!(value.params);
  };
}
