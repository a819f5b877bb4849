/** Old names of the autoencoder's attention become those of today; all others stay. */
import { expect, it } from "vitest";
import { readSafetensorsHeader } from "../../../daemon/checkpoint/safetensors.ts";
import { withCurrentNames } from "../../../daemon/checkpoint/weight-names.ts";
import { referencePath } from "../../support/reference.ts";

it.each([
  ["encoder.mid_block.attentions.0.query.weight", "encoder.mid_block.attentions.0.to_q.weight"],
  ["decoder.mid_block.attentions.0.key.bias", "decoder.mid_block.attentions.0.to_k.bias"],
  ["decoder.mid_block.attentions.0.value.weight", "decoder.mid_block.attentions.0.to_v.weight"],
  ["encoder.mid_block.attentions.0.proj_attn.bias", "encoder.mid_block.attentions.0.to_out.0.bias"],
  ["encoder.mid_block.attentions.0.group_norm.weight", "encoder.mid_block.attentions.0.group_norm.weight"],
  ["attentions.query.weight", "attentions.query.weight"],
])("%s is %s", (old, current) => {
  const entry = { dtype: "F32", shape: [1], offset: 8, byteLength: 4 } as const;
  const file = withCurrentNames({ metadata: {}, tensors: new Map([[old, entry]]) });
  expect([...file.tensors]).toEqual([[current, entry]]);
});

it("leaves a current file as it is", async () => {
  const file = await readSafetensorsHeader(referencePath("mini-tiny", "vae", "diffusion_pytorch_model.safetensors"));
  expect(withCurrentNames(file)).toEqual(file);
});
