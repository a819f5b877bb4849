/**
 * Adapters as PEFT saves them: a folder for each network with `adapter_model.safetensors` (keys
 * `base_model.model.MODULE.lora_A.weight`), `adapter_config.json` and a model card (PEFT 0.21, "checkpoint format").
 */
import { join } from "node:path";
import { writeFileAtomic, writeJsonAtomic } from "../base/atomic-file.ts";
import { type CheckpointTensor, writeSafetensors } from "../checkpoint/safetensors.ts";
import { peftFiles } from "./adapter-file.ts";
import { type AdapterDtype, storedPair } from "./adapter-tensors.ts";
import { type Adapter, type AdapterModule, type AdapterNetwork, adapterNetworks } from "./adapter-weights.ts";
import { loraConfigJson } from "./lora-config.ts";

export type PeftFileOptions = {
  /** The model's name on the Hugging Face Hub, or its folder. */
  readonly baseModel: string;
  /** Target names as the user gave them; if absent, the modules' own names. */
  readonly targets?: Readonly<Partial<Record<AdapterNetwork, readonly string[]>>>;
  readonly dtype?: AdapterDtype;
  /** Further texts for the header. */
  readonly metadata?: Readonly<Record<string, string>>;
};

/** The classes that PEFT wraps, and the folder of each where an adapter has both. */
const networks = {
  unet: {
    folder: "unet",
    mapping: {
      base_model_class: "UNet2DConditionModel",
      parent_library: "diffusers.models.unets.unet_2d_condition",
    },
    load: 'pipe.unet = PeftModel.from_pretrained(pipe.unet, "FOLDER")',
  },
  textEncoder: {
    folder: "text_encoder",
    mapping: { base_model_class: "CLIPTextModel", parent_library: "transformers.models.clip.modeling_clip" },
    load: 'pipe.text_encoder = PeftModel.from_pretrained(pipe.text_encoder, "FOLDER")',
  },
} as const;

/**
 * Write an adapter into `folder`, each file whole or not at all, the weights last; equal arguments give equal bytes.
 * An adapter of one network lies in the folder itself, one of both in `unet` and `text_encoder` below it.
 * @throws LoftError "disk-full", "output-unwritable"
 */
export async function writePeftAdapter(folder: string, adapter: Adapter, options: PeftFileOptions): Promise<void> {
  const used = adapterNetworks.filter((network) => 0 < adapter[network].modules.length);
  for (const network of used) {
    const own = used.length === 1 ? folder : join(folder, networks[network].folder);
    await writeNetwork(own, network, adapter[network].modules, options);
  }
}

async function writeNetwork(
  folder: string,
  network: AdapterNetwork,
  modules: readonly AdapterModule[],
  { baseModel, targets = {}, dtype = "F32", metadata = {} }: PeftFileOptions,
): Promise<void> {
  const tensors = new Map<string, CheckpointTensor>();
  for (const module of modules) {
    // PEFT takes the names of the modules as they are; those of the text encoder are transformers' since 5.6.
    const key = `base_model.model.${module.name}`;
    const { down, up } = storedPair(module, dtype);
    tensors.set(`${key}.lora_A.weight`, down).set(`${key}.lora_B.weight`, up);
  }
  const config = {
    alpha_pattern: {},
    auto_mapping: networks[network].mapping,
    base_model_name_or_path: baseModel,
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    lora_dropout: 0,
    modules_to_save: null,
    rank_pattern: {},
    revision: null,
    task_type: null,
    use_dora: false,
    use_rslora: false,
    ...loraConfigJson(modules, targets[network]),
  };
  await writeJsonAtomic(join(folder, peftFiles.config), config);
  await writeFileAtomic(join(folder, "README.md"), modelCard(network, baseModel));
  await writeSafetensors(join(folder, peftFiles.weights), tensors, { ...metadata, format: "pt" });
}

function modelCard(network: AdapterNetwork, baseModel: string): string {
  const name = JSON.stringify(baseModel);
  return `---
base_model: ${name}
library_name: peft
tags:
- ${JSON.stringify(`base_model:adapter:${baseModel}`)}
- lora
---

A LoRA adapter of ${baseModel}, exported by LoFT.

    from diffusers import StableDiffusionPipeline
    from peft import PeftModel

    pipe = StableDiffusionPipeline.from_pretrained(${name})
    ${networks[network].load}
`;
}
