/** What classifiers are shown: balanced, weighted, mixed in a fifth of the steps, and the same again for the same step. */
import { describe, expect, it } from "vitest";
import { randomStream } from "../../../daemon/base/random.ts";
import { defaultProcessor } from "../../../daemon/eval/clip-processor.ts";
import { blended, type Mixable, mixed } from "../../../daemon/eval/mix.ts";
import {
  type BatchOptions,
  batchesAhead,
  type LabeledPicture,
  trainingBatch,
} from "../../../daemon/eval/training-batch.ts";
import { readClipCase } from "../../support/clip-case.ts";

const side = 16;
const options: BatchOptions = {
  batchSize: 8,
  classes: 3,
  side,
  normalization: defaultProcessor(side),
  syntheticShare: 0.5,
  realLossShare: 0.8,
  mixShare: 0,
};

function pictures(count: number, name: string): LabeledPicture[] {
  return Array.from({ length: count }, (_, index) => {
    const rng = randomStream(name, index);
    const rgb = Uint8Array.from({ length: 20 * 20 * 3 }, () => rng.integer(256));
    return { read: () => Promise.resolve({ width: 20, height: 20, rgb }), label: index % 3 };
  });
}

const real = pictures(5, "real");
const synthetic = pictures(30, "synthetic");
const sum = (values: Float32Array) => values.reduce((total, value) => total + value, 0);

describe("a batch", () => {
  it("is half real and half synthetic, and the loss four fifths real", async () => {
    const { pixels, targets, sampleWeights } = await trainingBatch({ stream: ["a"], real, synthetic }, 0, options);
    expect([pixels.length, targets.length, sampleWeights.length]).toEqual([8 * 3 * side * side, 24, 8]);
    expect([...sampleWeights.slice(0, 4)]).toEqual(Array(4).fill(Math.fround(0.2)));
    expect([...sampleWeights.slice(4)]).toEqual(Array(4).fill(Math.fround((1 - 0.8) / 4)));
    expect(sum(sampleWeights)).toBeCloseTo(1, 6);
  });

  it.each([
    [0.25, 0.5, [6, 2]],
    [0.01, 0.9, [7, 1]],
    [0.99, 0.8, [1, 7]],
  ])(
    "of which %d is synthetic has pictures of both kinds",
    async (syntheticShare, realLossShare, [ofReal, ofSynthetic]) => {
      const shares = { ...options, syntheticShare, realLossShare };
      const { sampleWeights } = await trainingBatch({ stream: ["a"], real, synthetic }, 0, shares);
      const own = [...sampleWeights.slice(0, ofReal)];
      const others = [...sampleWeights.slice(ofReal)];
      expect(own).toEqual(Array(ofReal).fill(Math.fround(realLossShare / ofReal!)));
      expect(others).toEqual(Array(ofSynthetic).fill(Math.fround((1 - realLossShare) / ofSynthetic!)));
    },
  );

  it.each([
    ["real alone", { stream: ["a"], real, synthetic: [] }],
    ["synthetic alone", { stream: ["a"], real: [], synthetic }],
  ])("of %s is all of it, evenly", async (_, row) => {
    const { sampleWeights } = await trainingBatch(row, 0, options);
    expect([...sampleWeights]).toEqual(Array(8).fill(1 / 8));
  });

  it("shows every picture once before any twice", async () => {
    const labels: number[] = [];
    for (let step = 0; step < 15; step += 1) {
      const { targets } = await trainingBatch({ stream: ["a"], real: [], synthetic }, step, options);
      for (let row = 0; row < 8; row += 1) labels.push(targets.slice(row * 3, row * 3 + 3).indexOf(1));
    }
    for (let epoch = 0; epoch < 4; epoch += 1) {
      const counts = [0, 1, 2].map((label) =>
        labels.slice(epoch * 30, epoch * 30 + 30).filter((each) => each === label),
      );
      expect(counts.map(({ length }) => length)).toEqual([10, 10, 10]);
    }
  });

  it("depends on row and step alone", async () => {
    const batch = (stream: string, step: number) => trainingBatch({ stream: [stream], real, synthetic }, step, options);
    const once = await batch("a", 3);
    expect(once).toEqual(await batch("a", 3));
    expect(once).not.toEqual(await batch("a", 4));
    expect(once).not.toEqual(await batch("b", 3));
  });

  it("is mixed in a fifth of the steps", async () => {
    let mixes = 0;
    for (let step = 0; step < 100; step += 1) {
      const { targets } = await trainingBatch({ stream: ["a"], real, synthetic }, step, { ...options, mixShare: 0.2 });
      for (let row = 0; row < 8; row += 1) expect(sum(targets.slice(row * 3, row * 3 + 3))).toBeCloseTo(1, 5);
      if (targets.some((value) => value !== 0 && value !== 1)) mixes += 1;
    }
    expect(mixes).toBeGreaterThan(8);
    expect(mixes).toBeLessThan(32);
  });
});

describe("batches made ahead", () => {
  const row = { stream: ["a"], real, synthetic: [] };

  it("are those of their step", async () => {
    const ahead = batchesAhead(options);
    const rows = [row, { ...row, stream: ["b"] }];
    const found = [await ahead(rows, 0), await ahead(rows, 1), await ahead(rows, 0)];
    for (const [index, step] of [0, 1, 0].entries()) {
      expect(found[index]).toEqual(await Promise.all(rows.map((each) => trainingBatch(each, step, options))));
    }
  });

  it("tell of a picture that cannot be read to whoever waits, and to nobody before", async () => {
    const read = () => Promise.reject(new Error("gone"));
    const ahead = batchesAhead(options);
    const rows = [{ ...row, real: [{ read, label: 0 }] }];
    ahead(rows, 0);
    await new Promise((resolve) => setTimeout(resolve, 10));
    await expect(ahead(rows, 0)).rejects.toThrow("gone");
  });
});

describe("mixing", () => {
  const plain = [0, 1, 2, 3].map((index): Mixable => {
    return {
      pixels: new Float32Array(3 * side * side).fill(index + 1),
      target: Float32Array.from([0, 1, 2, 3], (at) => (at === index ? 1 : 0)),
    };
  });

  it("gives each target the share of the pixels that it has", () => {
    let cut = 0;
    for (let number = 0; number < 60; number += 1) {
      for (const [index, { pixels, target }] of mixed(plain, side, randomStream(number)).entries()) {
        const other = (index + 3) % 4;
        const own = pixels.filter((value) => value === index + 1).length / pixels.length;
        const isCut = pixels.every((value) => Number.isInteger(value));
        if (isCut && own < 1) cut += 1;
        const share = isCut ? own : (pixels[0]! - (other + 1)) / (index - other);
        expect(target[index]).toBeCloseTo(share, 4);
        expect(target[other]).toBeCloseTo(1 - share, 4);
      }
    }
    expect(cut).toBeGreaterThan(40);
  });

  it("is the reference's weighted sum", async () => {
    const { array, excess, mix } = await readClipCase();
    const order = [...array("mix.order").data];
    const images = array("images").data;
    const size = images.length / 6;
    const part = (index: number) => images.subarray(index * size, (index + 1) * size);
    const found = order.flatMap((other, index) => [...blended(part(index), part(other), mix.lam)]);
    expect(excess("mix.images", found)).toBeLessThanOrEqual(1);
  });

  it("leaves a single picture alone", () => {
    expect(mixed(plain.slice(0, 1), side, randomStream(0))).toEqual(plain.slice(0, 1));
  });
});
