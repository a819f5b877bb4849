/** Zero-shot classification against transformers' features and logits, and with several templates. */
import { beforeAll, describe, expect, it } from "vitest";
import { softmax } from "../../../daemon/eval/metrics.ts";
import type { PixelSource } from "../../../daemon/eval/pixel-batches.ts";
import {
  createImageEncoder,
  encodeClasses,
  encodeTexts,
  zeroShotProbabilities,
} from "../../../daemon/eval/zero-shot.ts";
import { type ClipCase, readClipCase } from "../../support/clip-case.ts";

let reference: ClipCase;
let pictures: readonly PixelSource[];
beforeAll(async () => {
  reference = await readClipCase();
  const { data, shape } = reference.array("images");
  const size = data.length / shape[0]!;
  pictures = Array.from(
    { length: shape[0]! },
    (_, index) => () => Promise.resolve(data.slice(index * size, (index + 1) * size)),
  );
});

describe("zero-shot classification", () => {
  it("encodes more texts than go into a batch, as if each were alone", async () => {
    const { model } = reference;
    const texts = Array.from({ length: 67 }, (_, index) => `a photo of a ${["forest", "river"][index % 2]}`);
    const found = await encodeTexts(model, texts);
    const [forest, river] = await encodeTexts(model, texts.slice(0, 2));
    expect(found).toHaveLength(67);
    for (const [index, row] of found.entries()) {
      const alone = [forest!, river!][index % 2]!;
      for (const [column, value] of row.entries()) expect(value).toBeCloseTo(alone[column]!, 5);
    }
  });

  it("has transformers' features and probabilities, the last batch not full", async () => {
    const { model, prompts, array, excess } = reference;
    const encoder = await createImageEncoder(model, 4);
    const features = await encoder.encode(pictures);
    await encoder.release();
    const texts = await encodeTexts(model, prompts);
    const joined = (rows: readonly Float32Array[]) => Float32Array.from(rows.flatMap((row) => [...row]));
    expect(excess("image_features", joined(features))).toBeLessThanOrEqual(1);
    expect(excess("text_features", joined(texts))).toBeLessThanOrEqual(1);
    const found = await zeroShotProbabilities(model, features, texts);
    const logits = array("logits").data;
    for (const [index, row] of found.entries()) {
      const wanted = softmax(logits.slice(index * 3, index * 3 + 3));
      for (const [label, value] of row.entries()) expect(value).toBeCloseTo(wanted[label]!, 4);
    }
  });

  it("averages the features of a class's templates, each with the same say", async () => {
    const { model } = reference;
    const templates = ["a photo of a forest", "a drawing of a forest"];
    const [left, right] = await encodeTexts(model, templates);
    const [found, alone] = await encodeClasses(model, [templates, [templates[0]!]]);
    const sum = left!.map((value, index) => value + right![index]!);
    const length = Math.hypot(...sum);
    for (const [index, value] of found!.entries()) expect(value).toBeCloseTo(sum[index]! / length, 6);
    for (const [index, value] of alone!.entries()) expect(value).toBeCloseTo(left![index]!, 6);
  });
});
