/** The whole training and sampling graphs use only operators that every execution provider of interest has. */
import { expect, test } from "vitest";
import { encodeTokens } from "../../../daemon/diffusion/text-encoder.ts";
import { decodeLatents, encodeImage } from "../../../daemon/diffusion/vae.ts";
import { input, type Value } from "../../../daemon/engine/graph/value.ts";
import { toModel } from "../../../daemon/engine/onnx/to-model.ts";
import { fileWeights } from "../../../daemon/nn/weights.ts";
import { guidedPrediction } from "../../../daemon/sampling/guidance.ts";
import { adapterTrainingGraph } from "../../../daemon/training/adapter-graph.ts";
import { tinyJointTraining, tinyModel, tinyResolution, tinyTraining } from "../../support/tiny-model.ts";

/**
 * Found on the CPU and the WebGPU provider of ONNX Runtime 1.30 (a gradient needs no Split: slices of many outputs would
 * exceed WebGPU's buffers). Cast reads f16 weights, Gather looks tokens up.
 */
const portable = (
  "Add Sub Mul Div Min Exp Sqrt Erf Sigmoid Sin Cos Softmax LayerNormalization MatMul Gemm Conv ConvTranspose " +
  "AveragePool Resize Slice Concat Reshape Transpose Expand ReduceSum ReduceMean Identity Cast Gather"
).split(" ");

test("every operator is portable", async () => {
  const model = await tinyModel();
  const layout = tinyTraining(model, 2).layouts.unet;
  const { mean, logVariance } = encodeImage(
    fileWeights(model.vae.file),
    model.vae.config,
    input("image", [1, 3, 64, 64]),
  );
  const graphs: Record<string, Record<string, Value>> = {
    training: { ...adapterTrainingGraph(model, tinyTraining(model, 2)) },
    joint: { ...adapterTrainingGraph(model, tinyJointTraining(model, 2, 2)) },
    sampling: { out: guidedPrediction(model, { rows: 2, resolution: tinyResolution, guided: true, layout }) },
    text: {
      out: encodeTokens(fileWeights(model.textEncoder.file), model.textEncoder.config, input("ids", [2, 24], "i64")),
    },
    encoder: { mean, logVariance },
    decoder: { out: decodeLatents(fileWeights(model.vae.file), model.vae.config, input("latents", [1, 16, 8, 8])) },
  };
  const used = new Set(Object.values(graphs).flatMap((graph) => toModel(graph).opTypes));
  expect([...used].filter((opType) => !portable.includes(opType))).toEqual([]);
  expect(used.size).toBeGreaterThan(20);
});
