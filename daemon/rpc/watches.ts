/** The runs that one client watches: their events, thinned to what a screen can show. */
import type { Notifications, RunId } from "../../schemas/protocol.ts";
import type { KnownRun } from "../jobs/known-run.ts";
import { recounted, runClasses } from "../jobs/run-classes.ts";
import { followRun } from "./follow-run.ts";

export type SendNews = <Name extends "loft/runEvent" | "loft/runPlanned">(
  name: Name,
  news: Notifications[Name],
) => void;

export type Watches = {
  /** Begin to watch; a run that is watched already begins anew. @returns whether no event since `after` is missing */
  readonly watch: (run: KnownRun, after: number | undefined) => boolean;
  readonly unwatch: (run: RunId) => void;
  readonly stop: () => void;
};

/** Ten training steps a second. */
const stepPause = 100;

/** @param now milliseconds, any origin */
export function createWatches(send: SendNews, now: () => number = () => performance.now()): Watches {
  const followed = new Map<RunId, () => void>();
  const unwatch = (run: RunId) => {
    followed.get(run)?.();
    followed.delete(run);
  };
  const watch = (run: KnownRun, after: number | undefined) => {
    unwatch(run.id);
    let steppedAt = Number.NEGATIVE_INFINITY;
    const follow = followRun(run, after, ({ sequence, event }) => {
      if (event.type === "training-step") {
        if (now() - steppedAt < stepPause) return;
        steppedAt = now();
      }
      send("loft/runEvent", { run: run.id, sequence, event });
    });
    const tellPlan = () => {
      runClasses(run.root, run.planned, run.files.counts())
        .then((classes) => send("loft/runPlanned", { run: run.id, classes: recounted(classes, run.files.counts()) }))
        .catch(() => undefined);
    };
    run.onPlanned.add(tellPlan);
    const stopBoth = () => {
      run.onPlanned.delete(tellPlan);
      follow.stop();
    };
    followed.set(run.id, stopBoth);
    return follow.resumed;
  };
  const stop = () => {
    for (const run of [...followed.keys()]) unwatch(run);
  };
  return { watch, unwatch, stop };
}
