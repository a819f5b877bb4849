/**
 * The events of one run as the daemon passes them on: numbered, folded into the run's progress, and held for clients
 * that come back. Lives in memory; nothing of it is lost for good, since the run folder has it all.
 */
import type { RunProgress } from "../../schemas/protocol.ts";
import type { RunEvent } from "../../schemas/run-event.ts";
import { createLossCurves, type LossCurves } from "./loss-curves.ts";
import { advance, initialProgress, type Progress, withSecondsLeft } from "./progress.ts";
import { runProgress } from "./run-progress.ts";

export type NumberedEvent = { readonly sequence: number; readonly event: RunEvent };
export type StreamListener = (numbered: NumberedEvent) => void;

export type RunStream = {
  /** Number an event and tell all listeners, in the order of the calls. */
  readonly publish: (event: RunEvent) => void;
  /** Of the latest event. */
  readonly sequence: () => number;
  readonly progress: () => RunProgress;
  readonly losses: LossCurves;
  /**
   * Hear every later event. With `after` those since then come at once, without training steps.
   * @returns how to stop, and whether every event after `after` came or will come (training steps aside)
   */
  readonly listen: (
    listener: StreamListener,
    after?: number,
  ) => { readonly stop: () => void; readonly resumed: boolean };
};

/** Held for clients that come back: adapters, batches of images, warnings; a few hundred bytes each. */
const heldEvents = 5_000;

/**
 * A stream without events.
 * @param start the number before the first event's. Numbers of a later stream of the same run must be higher, also after
 *   the daemon was started again: the time in milliseconds is, since a run tells fewer than a thousand events a second
 */
export function createRunStream(start: number = Date.now()): RunStream {
  let sequence = start;
  let progress: Progress = initialProgress;
  const held: NumberedEvent[] = [];
  let heldSince = start;
  const listeners = new Set<StreamListener>();
  const losses = createLossCurves();
  const publish = (told: RunEvent) => {
    progress = advance(progress, told);
    losses.add(told);
    sequence += 1;
    const numbered = { sequence, event: withSecondsLeft(told, progress) };
    if (told.type !== "training-step") held.push(numbered);
    if (heldEvents < held.length) heldSince = held.shift()?.sequence ?? heldSince;
    for (const listener of [...listeners]) listener(numbered);
  };
  const listen: RunStream["listen"] = (listener, after) => {
    const resumed = after !== undefined && heldSince <= after && after <= sequence;
    const missed = resumed ? held.filter((numbered) => after < numbered.sequence) : [];
    for (const numbered of missed) listener(numbered);
    listeners.add(listener);
    return { stop: () => void listeners.delete(listener), resumed };
  };
  return { publish, sequence: () => sequence, progress: () => runProgress(progress), losses, listen };
}
