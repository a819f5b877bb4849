/** Catch the error that a call is expected to end with. */
import { type ErrorCode, LoftError } from "../../daemon/base/errors.ts";

/** The LoftError that `call` throws or rejects with; anything else, success included, fails the test. */
export async function loftErrorOf(call: () => unknown, code?: ErrorCode): Promise<LoftError> {
  try {
    await call();
  } catch (error) {
    if (!(error instanceof LoftError)) throw error;
    if (code !== undefined && error.code !== code)
      throw new Error(`expected ${code}, got ${error.code}`, { cause: error });
    return error;
  }
  throw new Error(`expected a LoftError${code === undefined ? "" : ` "${code}"`}, but the call succeeded`);
}
