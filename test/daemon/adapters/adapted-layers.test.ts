/** Low-rank terms in each kind of layer of the U-Net: what comes out is what the layer with the delta added to its weight gives. */
import { expect, test } from "vitest";
import { fuseAdapters } from "../../../daemon/adapters/fuse.ts";
import {
  adaptedWeights,
  loraFromPacked,
  loraLayout,
  packedFromLora,
  unpackLora,
} from "../../../daemon/adapters/lora.ts";
import { moduleNamed } from "../../../daemon/adapters/targets.ts";
import { randomStream } from "../../../daemon/base/random.ts";
import { concatenated, float32 } from "../../../daemon/engine/graph/tensor.ts";
import { constant, input, type Value } from "../../../daemon/engine/graph/value.ts";
import { conv2d as convolve } from "../../../daemon/engine/ops/convolution.ts";
import { add } from "../../../daemon/engine/ops/elementwise.ts";
import { linear } from "../../../daemon/engine/ops/matmul.ts";
import { slice } from "../../../daemon/engine/ops/movement.ts";
import { conv2d } from "../../../daemon/nn/conv2d.ts";
import { fileWeights, type Weights } from "../../../daemon/nn/weights.ts";
import { runGraph } from "../../support/run-graph.ts";
import { tinyModel } from "../../support/tiny-model.ts";

const { file } = (await tinyModel()).unet;
const plain = fileWeights(file);
const [rows, copies] = [2, 2];

const layers = {
  "a 1x1 convolution": {
    name: [...file.tensors.keys()].find((name) => name.endsWith("conv_shortcut.weight"))!.replace(/\.weight$/, ""),
    shape: (width: number) => [rows * copies, width, 2, 3],
    apply: (weights: Weights, name: string, x: Value) => conv2d(weights, name, x),
    merged: (weight: Value, x: Value, bias: Value) => convolve(x, weight, bias),
  },
  "a linear layer of tokens": {
    name: "mid_block.attentions.0.proj_in",
    shape: (width: number) => [rows * copies, 3, width],
    apply: (weights: Weights, name: string, x: Value) => weights.linear(name, x),
    merged: (weight: Value, x: Value, bias: Value) => linear(x, weight, bias),
  },
  "a linear layer of one vector for each image": {
    name: "mid_block.resnets.0.time_emb_proj",
    shape: (width: number) => [rows * copies, width],
    apply: (weights: Weights, name: string, x: Value) => weights.linear(name, x),
    merged: (weight: Value, x: Value, bias: Value) => linear(x, weight, bias),
  },
};

test.each(Object.keys(layers) as (keyof typeof layers)[])("%s", async (kind) => {
  const { name, shape, apply, merged } = layers[kind];
  const layout = loraLayout(3, [moduleNamed(file.tensors, name)!]);
  const { inFeatures } = layout.targets[0]!;
  // Alpha is twice the rank: the fusion takes the scale of 2 into its matrices.
  const adapters = Array.from({ length: rows }, (_, row) => {
    const adapter = loraFromPacked(layout, 6, randomStream("adapter", row).normals(layout.parameterCount));
    return fuseAdapters([{ adapter, weight: 1 }], 3);
  });
  const x = input("x", shape(inFeatures));
  const packed = concatenated(adapters.map((adapter) => packedFromLora(layout, adapter)));
  const lora = unpackLora(layout, input("packed", [rows, layout.parameterCount]));
  const outputs: Record<string, Value> = { adapted: apply(adaptedWeights(plain, lora, 1), name, x) };
  for (const [row, { modules }] of adapters.entries()) {
    const weight = plain.tensor(`${name}.weight`);
    const changed = add(weight, constant(deltaOf(modules[0]!), weight.shape, "f32"));
    const own = slice(x, 0, row * copies, (row + 1) * copies);
    outputs[`merged${row}`] = merged(changed, own, plain.tensor(`${name}.bias`));
  }
  const size = shape(inFeatures).reduce((product, length) => product * length, 1);
  const feeds = {
    x: float32(randomStream("x").normals(size), shape(inFeatures)),
    packed: float32(packed, [rows, layout.parameterCount]),
  };
  const found = await runGraph(outputs, feeds);
  const expected = adapters.flatMap((_, row) => [...(found[`merged${row}`]!.data as Float32Array)]);
  const largest = Math.max(...expected.map(Math.abs));
  for (const [index, value] of (found.adapted!.data as Float32Array).entries()) {
    expect(Math.abs(value - expected[index]!)).toBeLessThan(1e-5 * largest);
  }
});

/** B A of a fused module, [out, in]. */
function deltaOf({ a, b, rank, inFeatures, outFeatures }: ReturnType<typeof fuseAdapters>["modules"][number]) {
  return Float32Array.from({ length: outFeatures * inFeatures }, (_, index) => {
    const [row, column] = [Math.floor(index / inFeatures), index % inFeatures];
    return Array.from({ length: rank }, (__, inner) => b[row * rank + inner]! * a[inner * inFeatures + column]!).reduce(
      (sum, value) => sum + value,
    );
  });
}
