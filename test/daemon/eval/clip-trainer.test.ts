/** Classifiers trained side by side: the same, bit by bit, on any number of threads and with any neighbors; of any size. */
import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { loraLayout } from "../../../daemon/adapters/lora.ts";
import { randomStream } from "../../../daemon/base/random.ts";
import { clipClassifier } from "../../../daemon/eval/clip-classifier.ts";
import { classifierModules } from "../../../daemon/eval/clip-classifier-graph.ts";
import { readClipConfig } from "../../../daemon/eval/clip-config.ts";
import { type ClipModel, longestText } from "../../../daemon/eval/clip-model.ts";
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

/** ViT-B/16 without its weights: names and shapes are enough to build graphs. */
function emptyVitB16(): ClipModel {
  const towers = { text_config: {}, vision_config: { image_size: 224, patch_size: 16 } };
  const config = readClipConfig({ path: "config.json", json: { model_type: "clip", projection_dim: 512, ...towers } });
  const shapes = new Map<string, readonly number[]>([
    ["text_model.embeddings.token_embedding.weight", [49408, 512]],
    ["text_model.embeddings.position_embedding.weight", [77, 512]],
    ["vision_model.embeddings.class_embedding", [768]],
    ["vision_model.embeddings.patch_embedding.weight", [768, 3, 16, 16]],
    ["vision_model.embeddings.position_embedding.weight", [197, 768]],
    ["visual_projection.weight", [512, 768]],
    ["text_projection.weight", [512, 512]],
    ["logit_scale", []],
  ]);
  const layer = (name: string, out: number, inner?: number) => {
    shapes.set(`${name}.weight`, inner === undefined ? [out] : [out, inner]);
    shapes.set(`${name}.bias`, [out]);
  };
  for (const name of ["vision_model.pre_layrnorm", "vision_model.post_layernorm"]) layer(name, 768);
  layer("text_model.final_layer_norm", 512);
  for (const [tower, width] of [
    ["vision_model", 768],
    ["text_model", 512],
  ] as const) {
    for (let index = 0; index < 12; index += 1) {
      const own = `${tower}.encoder.layers.${index}`;
      for (const name of ["q_proj", "k_proj", "v_proj", "out_proj"]) layer(`${own}.self_attn.${name}`, width, width);
      for (const name of ["layer_norm1", "layer_norm2"]) layer(`${own}.${name}`, width);
      layer(`${own}.mlp.fc1`, 4 * width, width);
      layer(`${own}.mlp.fc2`, width, 4 * width);
    }
  }
  const tensors = new Map(
    [...shapes].map(([name, shape]) => {
      const byteLength = 4 * shape.reduce((product, size) => product * size, 1);
      return [name, { dtype: "F32" as const, shape, offset: 0, byteLength, file: "model.safetensors" }];
    }),
  );
  return { ...model, config, file: { path: "model.safetensors", tensors } };
}

it.each(["cpu", "cuda"] as const)("on %s, ViT-B/16 sees few pictures at once, however large its batch", (provider) => {
  const empty = emptyVitB16();
  const own = { ...empty, session: { provider, threads: 1 } };
  const texts = { classes: 10, tokens: 12 };
  const parts = { model: own, layout: loraLayout(16, classifierModules(empty)), texts, feeds: {} };
  const sizes = [8, 32, 256].map((batchSize) => batchSize / shareCount(parts, batchSize));
  expect(sizes).toEqual([8, 8, 8]);
});
