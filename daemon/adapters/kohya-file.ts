/**
 * Adapters in the layout of kohya's sd-scripts, which AUTOMATIC1111, ComfyUI and others read: keys
 * `lora_unet_MODULE.lora_down.weight` (A), `.lora_up.weight` (B) and `.alpha`, dots of the module as underscores.
 */
import { createHash } from "node:crypto";
import { type CheckpointTensor, writeSafetensors } from "../checkpoint/safetensors.ts";
import { adapterInvalid } from "./adapter-invalid.ts";
import { type AdapterDtype, storedPair } from "./adapter-tensors.ts";
import { type Adapter, type AdapterModule, adapterNetworks } from "./adapter-weights.ts";
import { kohyaName } from "./module-names.ts";

export type KohyaFileOptions = {
  /** The name that prompts call it by; usually the file's own. */
  readonly name: string;
  /** The model it was trained on, as its owner calls it. */
  readonly baseModel?: string;
  /** Element type of the matrices; alphas are always F32. */
  readonly dtype?: AdapterDtype;
  /** Further texts for the header. */
  readonly metadata?: Readonly<Record<string, string>>;
};

/**
 * Write an adapter whole or not at all; equal arguments give equal bytes.
 * @throws LoftError "adapter-invalid" when two modules differ in dots and underscores alone; "disk-full",
 *   "output-unwritable"
 */
export async function writeKohyaAdapter(path: string, adapter: Adapter, options: KohyaFileOptions): Promise<void> {
  const { dtype = "F32", metadata = {} } = options;
  const tensors = new Map<string, CheckpointTensor>();
  for (const network of adapterNetworks) {
    for (const module of adapter[network].modules) {
      const key = kohyaName(network, module.name);
      if (tensors.has(`${key}.alpha`)) throw sameName(path, key);
      const { down, up } = storedPair(module, dtype);
      tensors.set(`${key}.lora_down.weight`, down).set(`${key}.lora_up.weight`, up);
      tensors.set(`${key}.alpha`, { dtype: "F32", shape: [], data: Float32Array.of(module.alpha) });
    }
  }
  const own = { ...networkMetadata(adapter, options), sshs_model_hash: dataHash(tensors) };
  await writeSafetensors(path, tensors, { ...metadata, ...own });
}

function sameName(path: string, key: string) {
  return adapterInvalid(path, `two of its modules would be called ${key}`, "Export it as diffusers or PEFT.");
}

/** What sd-scripts writes about a network and its model, as far as it is known (its train_network.py, sai_model_spec.py). */
function networkMetadata(adapter: Adapter, { name, baseModel }: KohyaFileOptions): Record<string, string> {
  const modules = adapterNetworks.flatMap((network) => adapter[network].modules);
  const model = baseModelOf(adapter);
  return {
    ss_network_module: "networks.lora",
    ss_network_dim: only(modules.map(({ rank }) => rank)),
    ss_network_alpha: only(modules.map(({ alpha }) => alpha)),
    ss_output_name: name,
    ...(baseModel === undefined ? {} : { ss_sd_model_name: baseModel }),
    ...(model === undefined ? {} : { ss_base_model_version: model.version, ss_v2: model.isV2 ? "True" : "False" }),
    ...(model === undefined ? {} : { "modelspec.architecture": `${model.architecture}/lora` }),
    "modelspec.sai_model_spec": "1.0.0",
    "modelspec.implementation": "diffusers",
    "modelspec.title": name,
  };
}

/** The value of all modules, or kohya's word for values that differ. */
function only(values: readonly number[]): string {
  const distinct = new Set(values);
  return distinct.size === 1 ? String([...distinct][0]) : "Dynamic";
}

type BaseModel = { readonly version: string; readonly isV2: boolean; readonly architecture: string };

/** The published models, told by the width of their text encoder: 768 in Stable Diffusion 1, 1024 in 2. */
function baseModelOf({ unet, textEncoder }: Adapter): BaseModel | undefined {
  const isTextInput = ({ name }: AdapterModule) => /\.attn2\.to_[kv]$/.test(name);
  const isAttention = ({ name }: AdapterModule) => name.endsWith("_proj");
  const width = (unet.modules.find(isTextInput) ?? textEncoder.modules.find(isAttention))?.inFeatures;
  if (width === 768) return { version: "sd_v1", isV2: false, architecture: "stable-diffusion-v1" };
  if (width === 1024) return { version: "sd_v2", isV2: true, architecture: "stable-diffusion-v2-512" };
  return undefined;
}

/** SHA-256 of all bytes after the header, in the file's order: wide elements first, then by name. */
function dataHash(tensors: ReadonlyMap<string, CheckpointTensor>): string {
  const ordered = [...tensors].sort(
    ([left, { data: leftData }], [right, { data: rightData }]) =>
      rightData.BYTES_PER_ELEMENT - leftData.BYTES_PER_ELEMENT || (left < right ? -1 : 1),
  );
  const hash = createHash("sha256");
  for (const [, { data }] of ordered) hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return hash.digest("hex");
}
