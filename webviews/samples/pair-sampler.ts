/** Samples the pairs of one class, one request at a time, and keeps what came; tells its element when anything changes. */
import type { PhotoAdapter } from "../../schemas/protocol.ts";
import { failureOf } from "../shared/requests.ts";
import type { Page } from "./page.ts";
import {
  askNow,
  emptyQueue,
  fuseParams,
  type PairQueue,
  type PairResult,
  type PairWish,
  pairKey,
  takeNext,
} from "./pair-cells.ts";
import { pngUrl } from "./png-url.ts";

export class PairSampler {
  readonly results = new Map<string, PairResult>();
  /** What is being made now. */
  current: PairWish | undefined;
  /** Pairs of "fill all" in this round, done and not. */
  fillTotal = 0;
  #queue: PairQueue = emptyQueue;
  #isClosed = false;
  readonly #className: string;
  readonly #photos: readonly PhotoAdapter[];
  readonly #page: Page;
  readonly #changed: () => void;

  constructor(className: string, photos: readonly PhotoAdapter[], page: Page, changed: () => void) {
    this.#className = className;
    this.#photos = photos;
    this.#page = page;
    this.#changed = changed;
  }

  get fillLeft(): number {
    return this.#queue.filling.length;
  }

  /** Ask for this before what is waiting for "fill all"; older wishes for the pair are dropped. */
  ask(wish: PairWish): void {
    this.#queue = askNow(this.#queue, wish);
    void this.#pump();
  }

  fill(wishes: readonly PairWish[]): void {
    this.#queue = { ...this.#queue, filling: wishes };
    this.fillTotal = wishes.length;
    void this.#pump();
  }

  stopFilling(): void {
    this.#queue = { ...this.#queue, filling: [] };
    this.#changed();
  }

  isWaiting(key: string): boolean {
    const wishes = this.current === undefined ? this.#queue.urgent : [this.current, ...this.#queue.urgent];
    return wishes.some(({ low, high }) => pairKey(low, high) === key);
  }

  /** Forget everything; an answer that still comes is dropped. */
  close(): void {
    this.#isClosed = true;
    this.#queue = emptyQueue;
    for (const result of this.results.values()) release(result);
    this.results.clear();
  }

  async #pump(): Promise<void> {
    const next = this.current === undefined ? takeNext(this.#queue) : undefined;
    this.#changed();
    if (next === undefined) return;
    this.#queue = next.rest;
    this.current = next.wish;
    this.#changed();
    const result = await this.#make(next.wish);
    this.current = undefined;
    if (this.#isClosed) return release(result);
    const key = pairKey(next.wish.low, next.wish.high);
    release(this.results.get(key));
    this.results.set(key, result);
    // What stops one pair would mostly stop them all.
    if (result.state === "failed") this.#queue = { ...this.#queue, filling: [] };
    await this.#pump();
  }

  async #make(wish: PairWish): Promise<PairResult> {
    const { weight, seed } = wish;
    try {
      const { png, side, seconds } = await this.#page.request("fuse", fuseParams(wish, this.#className, this.#photos));
      return { state: "made", weight, seed, url: pngUrl(png), side, seconds };
    } catch (error) {
      const { what, fix } = failureOf(error);
      return { state: "failed", weight, seed, what, fix };
    }
  }
}

function release(result: PairResult | undefined): void {
  if (result?.state === "made") URL.revokeObjectURL(result.url);
}
