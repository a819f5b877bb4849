/** Repeating an attempt that may succeed the next time. */
import { setTimeout as sleep } from "node:timers/promises";
import type { DownloadEvent } from "../../schemas/download-event.ts";
import { type HubConnection, isPassing } from "./hub-request.ts";

export type Retrying = {
  readonly connection: HubConnection;
  readonly emit: (event: DownloadEvent) => void;
  /** A number that grows as long as attempts get somewhere: then the repetitions count from the start again. */
  readonly reached?: () => number;
};

/**
 * Call `attempt` until it succeeds, fails for good, or was repeated often enough.
 * @throws what the last attempt threw; the signal's reason when it is aborted
 */
export async function withRetries<Result>(retrying: Retrying, attempt: () => Promise<Result>): Promise<Result> {
  const { connection, emit, reached = () => 0 } = retrying;
  let repetitions = 0;
  let best = reached();
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (best < reached()) repetitions = 0;
      best = Math.max(best, reached());
      const waitSeconds = connection.retryDelays[repetitions];
      if (!isPassing(error) || waitSeconds === undefined) throw error;
      repetitions += 1;
      emit({ type: "download-retry", code: error.code, what: error.what, waitSeconds });
      await pause(waitSeconds, connection.signal);
    }
  }
}

async function pause(seconds: number, signal: AbortSignal): Promise<void> {
  await sleep(seconds * 1000, undefined, { signal }).catch(() => undefined);
  signal.throwIfAborted();
}
