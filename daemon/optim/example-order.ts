/** Which examples a training step takes: epochs, each in an order of its own. Pure. */
import { randomStream, shuffled } from "../base/random.ts";

/** A place in the endless sequence of epochs. */
export type ExamplePlace = {
  /** Counted over the whole training. */
  readonly position: number;
  /** Index of the example. */
  readonly example: number;
};

/**
 * The `count` places of step `step`. Every epoch holds each of `exampleCount` examples once, in an order that depends
 * on the stream and the epoch alone; steps follow each other without a gap, so that one may hold the end of an epoch
 * and the beginning of the next.
 */
export function examplesOfStep(
  stream: readonly (string | number)[],
  exampleCount: number,
  { step, count }: { readonly step: number; readonly count: number },
): readonly ExamplePlace[] {
  const orders = new Map<number, readonly number[]>();
  return Array.from({ length: count }, (_, copy) => {
    const position = step * count + copy;
    const epoch = Math.floor(position / exampleCount);
    const order = orders.get(epoch) ?? epochOrder(stream, exampleCount, epoch);
    orders.set(epoch, order);
    return { position, example: order[position % exampleCount]! };
  });
}

function epochOrder(stream: readonly (string | number)[], exampleCount: number, epoch: number): readonly number[] {
  const examples = Array.from({ length: exampleCount }, (_, index) => index);
  return exampleCount === 1 ? examples : shuffled(examples, randomStream(...stream, "epoch", epoch));
}
