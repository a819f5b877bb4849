/** Prompts with an adapted text encoder, each row with its own fusion. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { readAdapter } from "../../../daemon/adapters/adapter-file.ts";
import { fuseAdapters, fusedRank } from "../../../daemon/adapters/fuse.ts";
import { type LoraLayout, loraLayout, packedFromLora } from "../../../daemon/adapters/lora.ts";
import { findTextTargetModules } from "../../../daemon/adapters/targets.ts";
import { randomStream } from "../../../daemon/base/random.ts";
import type { DiffusionModel } from "../../../daemon/diffusion/diffusion-model.ts";
import { encodePrompts } from "../../../daemon/diffusion/encode-prompts.ts";
import { type AdaptedPrompt, createAdaptedPromptEncoder } from "../../../daemon/sampling/encode-adapted-prompts.ts";
import { referenceArray, referencePath, relativeError } from "../../support/reference.ts";
import { tinyModel } from "../../support/tiny-model.ts";

const targets = ["q_proj", "k_proj", "v_proj", "out_proj"];

function layoutOf(model: DiffusionModel, rank: number): LoraLayout {
  return loraLayout(rank, findTextTargetModules(model.textEncoder.file.tensors, targets));
}

async function encode(model: DiffusionModel, layout: LoraLayout, prompts: readonly AdaptedPrompt[]) {
  const encoder = await createAdaptedPromptEncoder(model, { rows: prompts.length, layout });
  try {
    return await encoder.encode(prompts);
  } finally {
    await encoder.release();
  }
}

test("agrees with diffusers on an adapter file", async () => {
  const model = await tinyModel();
  const { textEncoder } = await readAdapter(join(referencePath("mini-tiny"), "lora", "joint.safetensors"));
  const parts = [{ adapter: textEncoder, weight: 1 }];
  const layout = layoutOf(model, fusedRank(parts));
  const fusion = packedFromLora(layout, fuseAdapters(parts, layout.rank));
  const ids = (await referenceArray("mini-tiny", "joint.input_ids")).data;
  const expected = (await referenceArray("mini-tiny", "joint.text")).data;
  // The case's prompts are among these; the order is found by their ids.
  const prompts = ["a photo of a dog", "", "a satellite photo of an annual crop, highly detailed"];
  const { maxLength } = model.tokenizer;
  const own = [0, 1].map((row) => {
    const wanted = [...ids.slice(row * maxLength, (row + 1) * maxLength)];
    return prompts.find((prompt) => model.tokenizer.encode(prompt).every((id, index) => id === wanted[index]));
  });
  expect(own).not.toContain(undefined);
  const embeds = await encode(
    model,
    layout,
    own.map((prompt) => ({ prompt: prompt!, fusion })),
  );
  expect(relativeError([...embeds[0]!, ...embeds[1]!], expected)).toBeLessThan(2e-5);
});

test("rows keep to themselves, and a zero fusion is the base model", async () => {
  const model = await tinyModel();
  const layout = layoutOf(model, 2);
  const fusion = (name: string) => randomStream(name).normals(layout.parameterCount);
  const zero = new Float32Array(layout.parameterCount);
  const rows = [
    { prompt: "a photo of a dog", fusion: fusion("a") },
    { prompt: "a photo of a dog", fusion: fusion("b") },
    { prompt: "a cat", fusion: zero },
  ];
  const together = await encode(model, layout, rows);
  for (const [index, row] of rows.entries()) expect(together[index]).toEqual((await encode(model, layout, [row]))[0]);
  expect(together[0]).not.toEqual(together[1]);
  const base = (await encodePrompts(model, ["a cat"])).get("a cat")!;
  expect(relativeError(together[2]!, base)).toBeLessThan(1e-6);
});
