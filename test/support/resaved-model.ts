/** The reference case's model once more, its weights stored in another of the ways that published models use. */
import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { float32ToFloat16 } from "../../daemon/checkpoint/float16.ts";
import {
  type CheckpointTensor,
  readSafetensorsHeader,
  readTensors,
  toFloat32,
  writeSafetensors,
} from "../../daemon/checkpoint/safetensors.ts";
import { referencePath } from "./reference.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** Names of the weights without their ending, by component. */
export const weightStems = {
  unet: "diffusion_pytorch_model",
  vae: "diffusion_pytorch_model",
  text_encoder: "model",
} as const;

/** A copy of the mini-tiny model in a temporary folder. */
export async function copiedModel(): Promise<string> {
  const model = join(await temporaryFolder(), "model");
  for (const part of ["model_index.json", "unet", "vae", "text_encoder", "tokenizer", "scheduler"]) {
    await cp(referencePath("mini-tiny", part), join(model, part), { recursive: true });
  }
  return model;
}

/** Replace each tensor of all components. */
export async function convertWeights(
  model: string,
  convert: (tensor: CheckpointTensor) => CheckpointTensor,
): Promise<void> {
  for (const [part, stem] of Object.entries(weightStems)) {
    const path = join(model, part, `${stem}.safetensors`);
    const tensors = await readTensors(await readSafetensorsHeader(path));
    await writeSafetensors(path, new Map([...tensors].map(([name, tensor]) => [name, convert(tensor)])));
  }
}

/** Cut the weights of all components into `count` files with an index, as `save_pretrained` does above its size limit. */
export async function cutWeights(model: string, count: number): Promise<void> {
  for (const [part, stem] of Object.entries(weightStems)) {
    const whole = join(model, part, `${stem}.safetensors`);
    const tensors = [...(await readTensors(await readSafetensorsHeader(whole)))];
    await rm(whole);
    const weightMap: Record<string, string> = {};
    for (let index = 0; index < count; index += 1) {
      const name = `${stem}-${fiveDigits(index + 1)}-of-${fiveDigits(count)}.safetensors`;
      const own = tensors.filter((_, position) => position % count === index);
      await writeSafetensors(join(model, part, name), new Map(own), { format: "pt" });
      for (const [tensor] of own) weightMap[tensor] = name;
    }
    const index = { metadata: { total_size: 1 }, weight_map: weightMap };
    await writeFile(`${whole}.index.json`, JSON.stringify(index));
  }
}

/** Move every file of a model into `blobs`, named by its hash, and leave relative links: the cache of Hugging Face. */
export async function linkedModel(model: string): Promise<string> {
  const cache = join(model, "..", "models--someone--mini-tiny");
  const snapshot = join(cache, "snapshots", "0123abc");
  await mkdir(join(cache, "blobs"), { recursive: true });
  for (const file of await readdir(model, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const from = join(file.parentPath, file.name);
    const blob = join(
      cache,
      "blobs",
      createHash("sha256")
        .update(await readFile(from))
        .digest("hex"),
    );
    const folder = join(snapshot, relative(model, file.parentPath));
    await mkdir(folder, { recursive: true });
    await rename(from, blob);
    await symlink(relative(folder, blob), join(folder, file.name));
  }
  return snapshot;
}

/** The tensor in half precision, rounded to nearest even. */
export function toFloat16(tensor: CheckpointTensor): CheckpointTensor {
  return { dtype: "F16", shape: tensor.shape, data: float32ToFloat16(toFloat32(tensor)) };
}

/** The tensor in bfloat16, rounded to nearest even: the upper half of the float32. */
export function toBfloat16(tensor: CheckpointTensor): CheckpointTensor {
  const bits = new Uint32Array(toFloat32(tensor).slice().buffer);
  return { dtype: "BF16", shape: tensor.shape, data: Uint16Array.from(bits, roundedUpperHalf) };
}

/** The tensor in float32. */
export function toFloat32Tensor(tensor: CheckpointTensor): CheckpointTensor {
  return { dtype: "F32", shape: tensor.shape, data: toFloat32(tensor) };
}

function roundedUpperHalf(bits: number): number {
  const isOdd = (bits >>> 16) & 1;
  return (bits + 0x7fff + isOdd) >>> 16;
}

function fiveDigits(count: number): string {
  return String(count).padStart(5, "0");
}
