/** Target names select the same layers as in PEFT. */
import { describe, expect, it } from "vitest";
import { findTargetModules, findTextTargetModules, layerNames, moduleNamed } from "../../../daemon/adapters/targets.ts";
import { readSafetensorsHeader } from "../../../daemon/checkpoint/safetensors.ts";
import { loftErrorOf } from "../../support/loft-error.ts";
import { referencePath } from "../../support/reference.ts";

const usual = ["to_q", "to_k", "to_v", "to_out.0"];

function checkpoint(shapes: Record<string, number[]>) {
  return new Map(Object.entries(shapes).map(([name, shape]) => [name, { shape }]));
}

describe("findTargetModules", () => {
  it("selects what PEFT selected in the reference model", async () => {
    const file = await readSafetensorsHeader(referencePath("mini-tiny", "unet", "diffusion_pytorch_model.safetensors"));
    const adapter = await readSafetensorsHeader(referencePath("mini-tiny", "lora", "a.safetensors"));
    const wanted = [...adapter.tensors.keys()].flatMap((key) => /^unet\.(.+)\.lora_A\.weight$/.exec(key)?.[1] ?? []);
    const found = findTargetModules(file.tensors, usual);
    expect(found.map(({ name }) => name)).toEqual(wanted.sort());
    for (const { name, inFeatures, outFeatures } of found) {
      expect(adapter.tensors.get(`unet.${name}.lora_A.weight`)!.shape).toEqual([2, inFeatures]);
      expect(adapter.tensors.get(`unet.${name}.lora_B.weight`)!.shape).toEqual([outFeatures, 2]);
    }
  });

  it.each([
    ["a whole last part", ["to_q"], ["b.attn.to_q", "to_q"]],
    ["several parts", ["to_out.0"], ["b.attn.to_out.0"]],
    ["a module's full name", ["b.attn.to_q"], ["b.attn.to_q"]],
    ["each module once", ["to_q", "attn.to_q"], ["b.attn.to_q", "to_q"]],
  ])("matches %s", (_, targets, names) => {
    const model = checkpoint({
      "to_q.weight": [4, 3],
      "b.attn.to_q.weight": [4, 3],
      "b.attn.to_q.bias": [4],
      "b.attn.not_to_q.weight": [4, 3],
      "b.attn.to_out.0.weight": [3, 4],
      "conv.to_q.weight": [4, 3, 1, 1],
    });
    expect(findTargetModules(model, targets).map(({ name }) => name)).toEqual(names);
  });

  it.each([
    ["a target without a layer", [...usual, "to_z"], '"to_z"'],
    ["a convolution", ["conv_in"], '"conv_in"'],
    ["an embedding", ["token_embedding"], '"token_embedding"'],
    ["no target", [], "No target modules"],
    ["an empty target", [""], '""'],
  ])("refuses %s by name", async (_, targets, named) => {
    const linear = Object.fromEntries(usual.map((name) => [`a.${name}.weight`, [2, 2]]));
    const model = checkpoint({ ...linear, "conv_in.weight": [8, 4, 3, 3], "token_embedding.weight": [10, 4] });
    const error = await loftErrorOf(() => findTargetModules(model, targets), "adapter-invalid");
    expect(error.what).toContain(named);
  });
});

it.each([
  ["a linear layer", "b.to_q", { inFeatures: 3, outFeatures: 4 }],
  ["a 1x1 convolution", "proj_in", { inFeatures: 5, outFeatures: 6 }],
  ["a layer of the text encoder without its prefix", "encoder.q_proj", { inFeatures: 7, outFeatures: 8 }],
  ["no other layer that ends so", "to_q", undefined],
  ["no other convolution", "conv_in", undefined],
  ["no embedding", "token_embedding", undefined],
])("moduleNamed finds %s", (_, name, size) => {
  const model = checkpoint({
    "b.to_q.weight": [4, 3],
    "proj_in.weight": [6, 5, 1, 1],
    "text_model.encoder.q_proj.weight": [8, 7],
    "conv_in.weight": [8, 4, 3, 3],
    "token_embedding.weight": [10, 4],
  });
  expect(moduleNamed(model, name)).toEqual(size && { name, ...size });
});

it.each(["", "text_model."])("findTextTargetModules leaves out the prefix %j", (prefix) => {
  const model = checkpoint({ [`${prefix}encoder.layers.0.self_attn.q_proj.weight`]: [4, 3] });
  expect(findTextTargetModules(model, ["q_proj"])).toEqual([
    { name: "encoder.layers.0.self_attn.q_proj", inFeatures: 3, outFeatures: 4 },
  ]);
});

it("layerNames lists every layer with weights, of any shape", () => {
  const model = checkpoint({ "a.to_q.weight": [4, 3], "a.to_q.bias": [4], "conv_in.weight": [8, 4, 3, 3], scale: [1] });
  expect(layerNames(model)).toEqual(["a.to_q", "conv_in"]);
});
