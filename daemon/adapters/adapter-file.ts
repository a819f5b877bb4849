/**
 * Adapters as files in the layout of diffusers: keys `unet.MODULE.lora_A.weight` [rank, in] and
 * `unet.MODULE.lora_B.weight` [out, rank], rank and alpha in the header's `lora_adapter_metadata`
 * (diffusers 0.42, save_lora_weights). Only adapters of the UNet.
 */
import { loftError } from "../base/errors.ts";
import { float32ToFloat16 } from "../checkpoint/float16.ts";
import { isRecord } from "../checkpoint/json-text.ts";
import {
  type CheckpointTensor,
  readSafetensorsHeader,
  readTensors,
  type SafetensorsFile,
  toFloat32,
  writeSafetensors,
} from "../checkpoint/safetensors.ts";
import type { AdapterModule, AdapterWeights } from "./adapter-weights.ts";

/** The name that diffusers expects in a folder. */
export const adapterFileName = "pytorch_lora_weights.safetensors";

export type AdapterFileOptions = {
  /** Target names as the user gave them, for the metadata; if absent, the modules' own names. */
  readonly targets?: readonly string[];
  /** Element type on disk; F32 keeps every bit, F16 halves the file. */
  readonly dtype?: "F32" | "F16";
  /** Further texts for the header, for instance which photo and which model. */
  readonly metadata?: Readonly<Record<string, string>>;
};

/**
 * Write an adapter whole or not at all; equal arguments give equal bytes.
 * @throws LoftError "disk-full", "output-unwritable"
 */
export async function writeAdapter(
  path: string,
  adapter: AdapterWeights,
  options: AdapterFileOptions = {},
): Promise<void> {
  const { dtype = "F32", targets, metadata = {} } = options;
  const tensors = new Map<string, CheckpointTensor>();
  for (const { name, a, b, inFeatures, outFeatures } of adapter.modules) {
    tensors.set(`unet.${name}.lora_A.weight`, stored(dtype, [adapter.rank, inFeatures], a));
    tensors.set(`unet.${name}.lora_B.weight`, stored(dtype, [outFeatures, adapter.rank], b));
  }
  const peft = {
    "unet.bias": "none",
    "unet.lora_alpha": adapter.alpha,
    "unet.peft_type": "LORA",
    "unet.r": adapter.rank,
    "unet.target_modules": [...(targets ?? adapter.modules.map(({ name }) => name))].sort(),
  };
  await writeSafetensors(path, tensors, {
    ...metadata,
    format: "pt",
    lora_adapter_metadata: JSON.stringify(peft, undefined, 2),
  });
}

/**
 * Read an adapter. Without metadata alpha is the rank, as diffusers assumes.
 * @throws LoftError "file-vanished", "file-unreadable", "safetensors-invalid" as readSafetensorsHeader; "adapter-invalid" when keys are
 *   unknown or without partner, shapes do not fit, ranks differ, or the metadata asks for something we do not do
 */
export async function readAdapter(path: string): Promise<AdapterWeights> {
  const file = await readSafetensorsHeader(path);
  const pairs = pairKeys(file);
  const peft = readMetadata(file);
  const tensors = await readTensors(file);
  const modules = pairs.map((pair) => readModule(path, pair, tensors));
  const ranks = new Set(modules.map(({ a, inFeatures }) => a.length / inFeatures));
  const [rank] = ranks;
  if (ranks.size !== 1 || rank === undefined) {
    throw invalid(path, `its modules have different ranks (${[...ranks].join(", ")})`, "Use an adapter of one rank.");
  }
  if (peft.rank !== undefined && peft.rank !== rank) {
    throw invalid(path, `its metadata says rank ${peft.rank}, its matrices have ${rank}`, "Write the file again.");
  }
  return { rank, alpha: peft.alpha ?? rank, modules };
}

type Pair = { readonly name: string; readonly a: string; readonly b: string };

/** Match lora_A with lora_B by module, sorted by module name; anything left over is refused. */
function pairKeys(file: SafetensorsFile): Pair[] {
  const keys = [...file.tensors.keys()];
  const names = keys.flatMap((key) => /^unet\.(.+)\.lora_A\.weight$/s.exec(key)?.[1] ?? []);
  const pairs = names.sort().map((name) => ({
    name,
    a: `unet.${name}.lora_A.weight`,
    b: `unet.${name}.lora_B.weight`,
  }));
  const complete = pairs.filter(({ b }) => file.tensors.has(b));
  const used = new Set(complete.flatMap(({ a, b }) => [a, b]));
  const left = keys.filter((key) => !used.has(key));
  if (left.length !== 0) {
    const listed = left.slice(0, 8).join(", ");
    const more = left.length <= 8 ? "" : `, and ${left.length - 8} more`;
    throw invalid(
      file.path,
      `these keys are unknown or lack their other half: ${listed}${more}`,
      "Use an adapter in diffusers layout, for the UNet only; other layouts have to be converted first.",
    );
  }
  if (complete.length === 0) throw invalid(file.path, "it holds no low-rank pairs", "Use an adapter file.");
  return complete;
}

function readModule(path: string, { name, a, b }: Pair, tensors: ReadonlyMap<string, CheckpointTensor>): AdapterModule {
  const [down, up] = [tensors.get(a) as CheckpointTensor, tensors.get(b) as CheckpointTensor];
  const [rank, inFeatures] = down.shape;
  const [outFeatures, upRank] = up.shape;
  const fits =
    down.shape.length === 2 && up.shape.length === 2 && rank === upRank && ![...down.shape, ...up.shape].includes(0);
  if (!fits) {
    throw invalid(
      path,
      `${name} has matrices [${down.shape.join(", ")}] and [${up.shape.join(", ")}], which do not form a low-rank pair`,
      "Use an adapter of linear layers; convolution adapters are not supported.",
    );
  }
  return {
    name,
    inFeatures: inFeatures as number,
    outFeatures: outFeatures as number,
    a: toFloat32(down, a),
    b: toFloat32(up, b),
  };
}

/** Rank and alpha from the header; what would change the meaning of the matrices is refused. */
function readMetadata({ path, metadata }: SafetensorsFile): { readonly rank?: number; readonly alpha?: number } {
  const text = metadata.lora_adapter_metadata;
  if (text === undefined) return {};
  const peft = parseMetadata(path, text);
  const [rank, alpha] = [peft["unet.r"], peft["unet.lora_alpha"]];
  for (const [key, neutral] of neutralValues) {
    const value = peft[`unet.${key}`];
    const isNeutral = value === undefined || JSON.stringify(value) === JSON.stringify(neutral);
    if (!isNeutral) {
      throw invalid(path, `its metadata has "unet.${key}": ${JSON.stringify(value)}`, "Use a plain LoRA adapter.");
    }
  }
  if (rank !== undefined && typeof rank !== "number")
    throw invalid(path, `"unet.r" is ${JSON.stringify(rank)}`, rewrite);
  const isAlpha = alpha === undefined || (typeof alpha === "number" && Number.isFinite(alpha));
  if (!isAlpha) throw invalid(path, `"unet.lora_alpha" is ${JSON.stringify(alpha)}`, rewrite);
  return { ...(rank === undefined ? {} : { rank }), ...(alpha === undefined ? {} : { alpha }) };
}

const rewrite = "Write the adapter again.";

/** Variants of LoRA, and the values that mean "not used". */
const neutralValues: readonly (readonly [string, unknown])[] = [
  ["alpha_pattern", {}],
  ["rank_pattern", {}],
  ["bias", "none"],
  ["fan_in_fan_out", false],
  ["lora_bias", false],
  ["peft_type", "LORA"],
  ["use_dora", false],
  ["use_rslora", false],
];

function parseMetadata(path: string, text: string): Readonly<Record<string, unknown>> {
  try {
    const json: unknown = JSON.parse(text);
    if (isRecord(json)) return json;
  } catch {
    // Said below, with the file's name.
  }
  throw invalid(path, "its lora_adapter_metadata is not a JSON object", rewrite);
}

function stored(dtype: "F32" | "F16", shape: readonly number[], data: Float32Array): CheckpointTensor {
  return { dtype, shape, data: dtype === "F32" ? data : float32ToFloat16(data) };
}

function invalid(path: string, reason: string, fix: string) {
  return loftError("adapter-invalid", { what: `${path} cannot be used as an adapter: ${reason}.`, fix });
}
