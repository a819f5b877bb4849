/** Stored weights by name: parts of a layer are the layer's output in parts. */
import { expect, test } from "vitest";
import { adaptedWeights, type LoraValues } from "../../../daemon/adapters/lora.ts";
import { randomStream } from "../../../daemon/base/random.ts";
import { float32 } from "../../../daemon/engine/graph/tensor.ts";
import { input } from "../../../daemon/engine/graph/value.ts";
import { concat } from "../../../daemon/engine/ops/movement.ts";
import { fileWeights, type Weights, within } from "../../../daemon/nn/weights.ts";
import { runGraph } from "../../support/run-graph.ts";
import { tinyModel } from "../../support/tiny-model.ts";

const { file } = (await tinyModel()).unet;
const layer = [...file.tensors.keys()].find((name) => name.endsWith("ff.net.0.proj.weight"))!.replace(/\.weight$/, "");
const [outFeatures, inFeatures] = file.tensors.get(`${layer}.weight`)!.shape as readonly [number, number];
const shapes = { x: [2, 3, inFeatures], a: [2, 2, inFeatures], b: [2, 2, outFeatures] } as const;

const plain = fileWeights(file);
const lora: LoraValues = new Map([[layer, { a: input("a", shapes.a), b: input("b", shapes.b) }]]);
const [prefix] = layer.split(".", 1) as [string];

test.each<[string, string, Weights]>([
  ["stored", layer, plain],
  ["below a prefix", layer.slice(prefix.length + 1), within(plain, prefix)],
  ["adapted", layer, adaptedWeights(plain, lora, 0.5)],
  ["beside an adapted one", layer, adaptedWeights(plain, new Map([["other", lora.get(layer)!]]), 0.5)],
])("the parts of a layer that is %s are its output, bit by bit", async (_, name, weights) => {
  const x = input("x", shapes.x);
  const parts = weights.linearParts(name, x, 2);
  expect(parts.map(({ shape }) => shape)).toEqual(Array(2).fill([2, 3, outFeatures / 2]));
  const feeds = Object.entries(shapes).map(([key, shape]) => {
    const size = shape.reduce((product, length) => product * length, 1);
    return [key, float32(randomStream(key).normals(size), shape)] as const;
  });
  const outputs = { whole: weights.linear(name, x), joined: concat(parts, -1) };
  const { whole, joined } = await runGraph(outputs, Object.fromEntries(feeds));
  expect(joined).toEqual(whole);
});
