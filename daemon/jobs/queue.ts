/** Which run is next: first come, first served, and one run on a device at a time. Pure. */

/** A run that waits or works, and the device it was asked to use. */
export type QueueEntry = { readonly run: string; readonly device: string; readonly state: "waiting" | "working" };

/** In the order of arrival. */
export type Queue = readonly QueueEntry[];

/** The queue with one more run at its end. */
export function enqueued(queue: Queue, run: string, device: string): Queue {
  return [...queue, { run, device, state: "waiting" }];
}

/** The queue without a run. */
export function dequeued(queue: Queue, run: string): Queue {
  return queue.filter((entry) => entry.run !== run);
}

/** The queue with a run at work. */
export function begun(queue: Queue, run: string): Queue {
  return queue.map((entry) => (entry.run === run ? { ...entry, state: "working" } : entry));
}

/**
 * The first waiting run whose device is free. `auto` may turn out to be any device, so it shares with none. A run never
 * overtakes one that waits for the same device.
 */
export function nextToBegin(queue: Queue): string | undefined {
  const next = queue.find(
    (entry, index) => entry.state === "waiting" && !queue.some((other, at) => blocks(other, at, entry, index)),
  );
  return next?.run;
}

function blocks(other: QueueEntry, otherIndex: number, entry: QueueEntry, index: number): boolean {
  const isAhead = other.state === "working" || otherIndex < index;
  const sameDevice = other.device === entry.device || other.device === "auto" || entry.device === "auto";
  return other !== entry && isAhead && sameDevice;
}
