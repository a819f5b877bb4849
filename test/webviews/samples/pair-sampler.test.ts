/** Pairs are asked for one at a time; what a person wants now comes first. */
import { describe, expect, it } from "vitest";
import type { FuseResult } from "../../../schemas/protocol.ts";
import type { Page } from "../../../webviews/samples/page.ts";
import { type PairWish, pairKey } from "../../../webviews/samples/pair-cells.ts";
import { PairSampler } from "../../../webviews/samples/pair-sampler.ts";
import { RequestFailure } from "../../../webviews/shared/requests.ts";

const photos = ["a", "b", "c"].map((id) => ({
  adapterId: id,
  photo: `${id}.png`,
  photoFile: `${id}.png`,
  trained: true,
}));
const answer: FuseResult = { png: "iVBORw0KGgo=", side: 64, seconds: 1 };

/** A sampler whose requests a test answers by hand. */
function start() {
  const asked: { readonly weights: readonly number[]; readonly resolve: () => void; readonly reject: () => void }[] =
    [];
  const request = (_name: string, params: { adapters: readonly { weight: number }[] }) =>
    new Promise((resolve, reject) => {
      asked.push({
        weights: params.adapters.map(({ weight }) => weight),
        resolve: () => resolve(answer),
        reject: () => reject(new RequestFailure({ code: "c", what: "It failed.", fix: "Mend it." })),
      });
    });
  const page = { request } as unknown as Page;
  const sampler = new PairSampler("cat", photos, page, () => {});
  return { sampler, asked };
}

function wish(low: number, high: number, weight: number): PairWish {
  return { low, high, weight, seed: 0 };
}

/** Lets answers arrive. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

describe("a pair sampler", () => {
  it("asks for the newest value when the one on the way has come", async () => {
    const { sampler, asked } = start();
    for (const weight of [0.5, 0.6, 0.7, 0.8]) sampler.ask(wish(0, 1, weight));
    expect(asked.map(({ weights }) => weights)).toEqual([[0.5, 0.5]]);
    asked[0]!.resolve();
    await settle();
    expect(asked.map(({ weights }) => weights)).toEqual([
      [0.5, 0.5],
      [0.8, 0.2],
    ]);
    asked[1]!.resolve();
    await settle();
    expect(sampler.results.get(pairKey(0, 1))).toMatchObject({ state: "made", weight: 0.8 });
    expect(sampler.isWaiting(pairKey(0, 1))).toBe(false);
  });

  it("puts a person's wish before the filling", async () => {
    const { sampler, asked } = start();
    sampler.fill([wish(0, 1, 0.5), wish(0, 2, 0.5), wish(1, 2, 0.5)]);
    sampler.ask(wish(1, 2, 0.9));
    expect(sampler.fillLeft).toBe(1);
    asked[0]!.resolve();
    await settle();
    expect(asked[1]!.weights).toEqual([0.9, 0.1]);
  });

  it("stops filling when asked to, and after a failure", async () => {
    const { sampler, asked } = start();
    sampler.fill([wish(0, 1, 0.5), wish(0, 2, 0.5)]);
    asked[0]!.reject();
    await settle();
    expect(sampler.results.get(pairKey(0, 1))).toMatchObject({ state: "failed", what: "It failed." });
    expect([sampler.fillLeft, asked.length]).toEqual([0, 1]);
    sampler.fill([wish(0, 1, 0.5), wish(0, 2, 0.5)]);
    sampler.stopFilling();
    asked[1]!.resolve();
    await settle();
    expect(asked.length).toBe(2);
  });

  it("drops what comes after it was closed", async () => {
    const { sampler, asked } = start();
    sampler.ask(wish(0, 1, 0.5));
    sampler.close();
    asked[0]!.resolve();
    await settle();
    expect(sampler.results.size).toBe(0);
  });
});
