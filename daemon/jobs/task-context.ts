/** What a task of a worker process may use besides its parameters. */
import type { WorkerNews, WorkerPlaces } from "./worker-messages.ts";

export type TaskContext = {
  readonly places: WorkerPlaces;
  /** Aborted when the daemon cancels, or is gone. */
  readonly signal: AbortSignal;
  /** Tell the daemon something before the end. */
  readonly tell: (news: WorkerNews) => void;
};
