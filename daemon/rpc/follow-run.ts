/** Follows a run for a client: what this daemon carries out tells itself, what others do is looked up on disk. */
import { isActive } from "../jobs/job-state.ts";
import { type KnownRun, refreshFromDisk } from "../jobs/known-run.ts";
import type { StreamListener } from "../jobs/run-stream.ts";

export type FollowedRun = { readonly stop: () => void; readonly resumed: boolean };

/** Milliseconds between two looks at a run of another process. */
const lookPause = 1_000;

/** Hear the events of a run until `stop`. */
export function followRun(run: KnownRun, after: number | undefined, listener: StreamListener): FollowedRun {
  const { stop, resumed } = run.stream.listen(listener, after);
  const timer = setInterval(() => {
    const isElsewhere = !run.isOurs || !isActive(run.state);
    if (isElsewhere) refreshFromDisk(run).catch(() => undefined);
  }, lookPause);
  timer.unref();
  const stopBoth = () => {
    clearInterval(timer);
    stop();
  };
  return { stop: stopBoth, resumed };
}
