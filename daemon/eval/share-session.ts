/**
 * Training steps of classifiers whose batches are cut into shares: each share's losses and gradients are computed as a
 * row of its own, then a classifier's are added up and its parameters moved.
 */
import { concatenated, float32, type HostTensor } from "../engine/graph/tensor.ts";
import type { Value } from "../engine/graph/value.ts";
import { createRowByRowSession } from "../engine/runtime/row-session.ts";
import { createSession, type Session, type SessionOptions } from "../engine/runtime/session.ts";

type Graph = Readonly<Record<string, Value>>;

export type ShareGraphs = {
  /** Classifiers. */
  readonly rows: number;
  /** Of each classifier's batch. */
  readonly shares: number;
  /** `losses` and `gradient` of some shares, from `parameters` [shares, parameterCount] and what they are shown. */
  readonly gradients: (shares: number) => Graph;
  /** What comes of `shareLosses`, `shareGradients` and the state. */
  readonly update: Graph;
};

type Feeds = Readonly<Record<string, HostTensor>>;

export type ShareSession = Pick<Session, "hold" | "release"> & {
  /**
   * One step, with the outputs of the update.
   * @param shown feeds of the shares beside `parameters`, those of a classifier one after the other
   * @param state feeds of the update, `parameters` [rows, parameterCount] among them
   */
  readonly run: (shown: Feeds, state: Feeds) => Promise<Record<string, HostTensor>>;
};

/** @throws what createSession throws */
export async function createShareSession(
  { rows, shares, gradients, update }: ShareGraphs,
  options: SessionOptions,
): Promise<ShareSession> {
  const last = await createSession(update, options);
  const first = await createRowByRowSession(rows * shares, gradients, options).catch(async (error) => {
    await last.release();
    throw error;
  });
  return {
    hold: first.hold,
    run: async (shown, state) => {
      const parameters = repeatedParts(state.parameters!, rows, shares);
      const { losses, gradient } = await first.run({ ...shown, parameters }, ["losses", "gradient"]);
      return last.run({ shareLosses: losses!, shareGradients: gradient!, ...state });
    },
    release: async () => {
      await first.release();
      await last.release();
    },
  };
}

/** A float32 tensor with each of `parts` equal parts of it `times` times, one after the other. */
export function repeatedParts(
  { shape: [length, ...rest], data }: HostTensor,
  parts: number,
  times: number,
): HostTensor {
  const size = data.length / parts;
  const part = (index: number) => (data as Float32Array).subarray(index * size, (index + 1) * size);
  const all = Array.from({ length: parts * times }, (_, index) => part(Math.floor(index / times)));
  return float32(concatenated(all), [length! * times, ...rest]);
}
