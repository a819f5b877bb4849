/** Errors that come back from the daemon, and those of the extension itself, as data for one sentence and its advice. */
import { type LoftErrorData, loftErrorCode } from "../schemas/protocol.ts";

/** An error that the user can do something about; `code` is for programs, `what` and `fix` for people. */
export class ShownError extends Error {
  readonly data: LoftErrorData;

  constructor(data: LoftErrorData, options?: ErrorOptions) {
    super(`${data.what} ${data.fix}`, options);
    this.name = "ShownError";
    this.data = data;
  }
}

/** Whatever was thrown, in words for people; stacks go to the log only. */
export function describeError(error: unknown): LoftErrorData {
  if (error instanceof ShownError) return error.data;
  const data = daemonErrorData(error);
  if (data !== undefined) return data;
  const what = error instanceof Error ? firstSentence(error.message) : String(error);
  return { code: "internal", what, fix: "Look into the log for more." };
}

/** For the log: everything there is. */
export function errorForLog(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\ncaused by ${errorForLog(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}

/** JSON-RPC's ResponseError, known by its shape: the class lives in a bundle that is loaded later. */
function daemonErrorData(error: unknown): LoftErrorData | undefined {
  if (typeof error !== "object" || error === null || !("code" in error) || !("data" in error)) return undefined;
  const { code, data } = error;
  if (code !== loftErrorCode || typeof data !== "object" || data === null) return undefined;
  const { code: name, what, fix } = data as Partial<LoftErrorData>;
  return typeof name === "string" && typeof what === "string" && typeof fix === "string"
    ? { code: name, what, fix }
    : undefined;
}

function firstSentence(message: string): string {
  const line = message.split("\n", 1)[0] ?? "";
  return line === "" || line.endsWith(".") ? line : `${line}.`;
}
