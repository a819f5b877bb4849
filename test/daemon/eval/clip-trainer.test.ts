/** Classifiers trained side by side: the same, bit by bit, on any number of threads and with any neighbors. */
import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { loraLayout } from "../../../daemon/adapters/lora.ts";
import { randomStream } from "../../../daemon/base/random.ts";
import { clipClassifier } from "../../../daemon/eval/clip-classifier.ts";
import { classifierModules } from "../../../daemon/eval/clip-classifier-graph.ts";
import { longestText } from "../../../daemon/eval/clip-model.ts";
import { shareCount } from "../../../daemon/eval/clip-trainer.ts";
import type { ClassifierRow } from "../../../daemon/eval/training-batch.ts";
import { readClipCase } from "../../support/clip-case.ts";

const { model, prompts } = await readClipCase();
const length = { steps: 10, batchSize: 8, learningRate: 1e-2, syntheticShare: 0.5, realLossShare: 0.8 };
const side = model.config.vision.imageSize;

const rows = ["a", "b"].map((name): ClassifierRow => {
  const pictures = prompts.map((_, label) => {
    const rng = randomStream("picture", name, label);
    const rgb = Uint8Array.from({ length: side * side * 3 }, () => rng.integer(256));
    return { label, read: async () => ({ width: side, height: side, rgb }) };
  });
  return { stream: [name], real: pictures, synthetic: pictures };
});

/** What two steps make of some classifiers: the losses, and of each the hash of all that it goes on with. */
async function trained(threads: number, some: readonly ClassifierRow[]) {
  const kind = clipClassifier({ ...model, session: { provider: "cpu", threads } }, "tiny", prompts);
  const trainer = await kind.createTrainer(length, some.length);
  const first = await trainer.step(some, trainer.start(some));
  const { state, losses } = await trainer.step(some, first.state);
  await trainer.release();
  const { parameters, firstMoment, secondMoment } = state;
  const size = parameters.length / some.length;
  const own = (array: Float32Array, row: number) => array.subarray(row * size, (row + 1) * size);
  const hash = (row: number) =>
    [parameters, firstMoment, secondMoment]
      .reduce((sum, array) => sum.update(own(array, row)), createHash("sha256"))
      .digest("hex");
  return some.map((_, row) => ({ loss: losses[row], hash: hash(row) }));
}

it("is the same on one thread and on three, and alone", async () => {
  const expected = await trained(1, rows);
  expect(new Set(expected.map(({ hash }) => hash)).size).toBe(rows.length);
  expect(await trained(3, rows)).toEqual(expected);
  expect(await trained(2, [rows[1]!])).toEqual([expected[1]]);
});

it.each([
  { what: "few texts", classes: 3, batchSize: 8, provider: "cpu", shares: 2 },
  { what: "texts that would be most of the work", classes: 60, batchSize: 8, provider: "cpu", shares: 1 },
  { what: "an odd number of pictures", classes: 3, batchSize: 7, provider: "cpu", shares: 1 },
  { what: "a device that is not parted", classes: 3, batchSize: 8, provider: "cuda", shares: 1 },
] as const)("with $what the shares of a batch are $shares", ({ classes, batchSize, provider, shares }) => {
  const layout = loraLayout(16, classifierModules(model));
  const texts = { classes, tokens: longestText(model, prompts) };
  const parts = { model: { ...model, session: { provider, threads: 1 } }, layout, texts, feeds: {} };
  expect(shareCount(parts, batchSize)).toBe(shares);
});
