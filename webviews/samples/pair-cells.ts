/**
 * The pair matrix as data: which adapters and weights a cell asks for, what is known of each pair, and the queue that
 * asks for one at a time, where the newest wish for a pair replaces older ones. Pure.
 */
import type { PhotoAdapter } from "../../schemas/protocol.ts";
import type { PageParams } from "./protocol.ts";

/** Photos `row` and `column` of the class, by number; a cell and its mirror are one pair. */
export type Cell = { readonly row: number; readonly column: number };

export type PairResult = {
  /** The weight of the row with the lower number for which this was made. */
  readonly weight: number;
  readonly seed: number;
} & (
  | { readonly state: "made"; readonly url: string; readonly side: number; readonly seconds: number }
  | { readonly state: "failed"; readonly what: string; readonly fix: string }
);

/** One wish: a pair, the weight of the photo with the lower number, a seed. */
export type PairWish = { readonly low: number; readonly high: number; readonly weight: number; readonly seed: number };

/** Wishes in the order they will be asked; those of a person before those of "fill all". */
export type PairQueue = { readonly urgent: readonly PairWish[]; readonly filling: readonly PairWish[] };

export const emptyQueue: PairQueue = { urgent: [], filling: [] };

export const evenWeight = 0.5;

export function pairKey(low: number, high: number): string {
  return `${low}:${high}`;
}

export function cellKey({ row, column }: Cell): string {
  return pairKey(Math.min(row, column), Math.max(row, column));
}

/** The weight of a cell's row, where `weight` is that of the lower number. */
export function rowWeight({ row, column }: Cell, weight: number): number {
  return row <= column ? weight : rounded(1 - weight);
}

/** The wish for a cell whose row has this weight; the diagonal has one adapter and all the weight. */
export function wishFor(cell: Cell, weightOfRow: number, seed: number): PairWish {
  const [low, high] = [Math.min(cell.row, cell.column), Math.max(cell.row, cell.column)];
  return { low, high, weight: low === high ? 1 : rowWeight(cell, weightOfRow), seed };
}

/** Parameters of the request; a photo whose weight is 0 is left out. */
export function fuseParams(wish: PairWish, className: string, photos: readonly PhotoAdapter[]): PageParams<"fuse"> {
  const pair = [
    { adapterId: photos[wish.low]?.adapterId ?? "", weight: wish.weight },
    { adapterId: photos[wish.high]?.adapterId ?? "", weight: rounded(1 - wish.weight) },
  ];
  return { className, adapters: pair.filter(({ weight }) => weight !== 0), seed: wish.seed };
}

/** A person's wish: first in line after other persons' wishes, in place of older wishes for the pair. */
export function askNow(queue: PairQueue, wish: PairWish): PairQueue {
  return { urgent: [...without(queue.urgent, wish), wish], filling: without(queue.filling, wish) };
}

/** The next wish and the queue without it. */
export function takeNext(queue: PairQueue): { readonly wish: PairWish; readonly rest: PairQueue } | undefined {
  const [urgent] = queue.urgent;
  if (urgent !== undefined) return { wish: urgent, rest: { ...queue, urgent: queue.urgent.slice(1) } };
  const [filling] = queue.filling;
  if (filling !== undefined) return { wish: filling, rest: { ...queue, filling: queue.filling.slice(1) } };
  return undefined;
}

/** Wishes for all trained pairs among `shown` photos that are not made yet with this seed and their weight. */
export function wishesToFill(
  shown: readonly number[],
  photos: readonly PhotoAdapter[],
  results: ReadonlyMap<string, PairResult>,
  options: { readonly seed: number; readonly weights: ReadonlyMap<string, number> },
): readonly PairWish[] {
  const trained = shown.filter((number) => photos[number]?.trained);
  const pairs = trained.flatMap((low, i) => trained.slice(i).map((high) => ({ low, high })));
  const wishes = pairs.map(({ low, high }) => {
    const weight = options.weights.get(pairKey(low, high)) ?? evenWeight;
    return wishFor({ row: low, column: high }, weight, options.seed);
  });
  return wishes.filter((wish) => !isMade(results.get(pairKey(wish.low, wish.high)), wish));
}

/** Whether a result is just what a wish asks for. */
export function isMade(result: PairResult | undefined, wish: PairWish): boolean {
  return result?.state === "made" && result.weight === wish.weight && result.seed === wish.seed;
}

function without(wishes: readonly PairWish[], wish: PairWish): readonly PairWish[] {
  return wishes.filter(({ low, high }) => low !== wish.low || high !== wish.high);
}

/** 1 - 0.9 is 0.1, for people and for equality. */
function rounded(weight: number): number {
  return Math.round(weight * 1000) / 1000;
}
