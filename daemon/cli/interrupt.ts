/** Ctrl-C: once asks a command to save and stop, twice ends it at once. */
import { loftError } from "../base/errors.ts";
import type { CliContext } from "./context.ts";
import { exitCodes } from "./exit-code.ts";

/**
 * Run something that can be interrupted. After an interrupt it gets an aborted signal and should save and return; it
 * counts as interrupted then, even when it returns normally.
 * @param note tells the user that it was heard
 * @throws LoftError "interrupted"
 */
export async function interruptible<Result>(
  context: CliContext,
  action: (signal: AbortSignal) => Promise<Result>,
  note: (text: string) => void = (text) => context.stderr(`${text}\n`),
): Promise<Result> {
  const controller = new AbortController();
  const stopListening = context.onInterrupt(() => {
    if (controller.signal.aborted) {
      context.exit(exitCodes.interrupted);
      return;
    }
    note("saving ... (Ctrl-C again stops at once)");
    controller.abort(interruptedError());
  });
  try {
    const result = await action(controller.signal);
    controller.signal.throwIfAborted();
    return result;
  } finally {
    stopListening();
  }
}

function interruptedError(): Error {
  return loftError("interrupted", {
    what: "Stopped before everything was done; what is finished is saved.",
    fix: "Run the same command again to go on.",
  });
}
