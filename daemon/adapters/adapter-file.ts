/**
 * Adapters on disk: every layout in use is read (diffusers and its older names, PEFT, kohya; float16 or float32), that
 * of diffusers is written. PEFT and kohya are written by peft-file.ts and kohya-file.ts.
 */
import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileErrorCode, readError } from "../base/file-errors.ts";
import { isRecord, parsePythonJson } from "../checkpoint/json-text.ts";
import { isFolder, isThere } from "../checkpoint/path-kind.ts";
import {
  type CheckpointTensor,
  readSafetensorsHeader,
  readTensors,
  type SafetensorsFile,
  toFloat32,
  writeSafetensors,
} from "../checkpoint/safetensors.ts";
import { adapterInvalid, listed } from "./adapter-invalid.ts";
import { isKohyaKey, type ModuleNames, type PairKeys, sortKeys } from "./adapter-keys.ts";
import { type AdapterDtype, storedPair } from "./adapter-tensors.ts";
import { type Adapter, type AdapterModule, type AdapterNetwork, adapterNetworks } from "./adapter-weights.ts";
import { alphaOf, type LoraConfig, loraConfigJson, noConfig, rankOf, readLoraConfig } from "./lora-config.ts";
import { diffusersPrefixes, fileModuleName } from "./module-names.ts";

/** The name that diffusers expects in a folder. */
export const adapterFileName = "pytorch_lora_weights.safetensors";

/** The names that PEFT expects in a folder. */
export const peftFiles = { weights: "adapter_model.safetensors", config: "adapter_config.json" } as const;

export type AdapterFileOptions = {
  /** Target names as the user gave them, for the metadata; if absent, the modules' own names. */
  readonly targets?: Readonly<Partial<Record<AdapterNetwork, readonly string[]>>>;
  /** Element type on disk; F32 keeps every bit, F16 halves the file. */
  readonly dtype?: AdapterDtype;
  /** Further texts for the header, for instance which photo and which model. */
  readonly metadata?: Readonly<Record<string, string>>;
};

/**
 * Write an adapter in the layout of diffusers 0.42 (save_lora_weights), whole or not at all: keys
 * `unet.MODULE.lora_A.weight` [rank, in] and `unet.MODULE.lora_B.weight` [out, rank], likewise `text_encoder.`; rank
 * and alpha in the header's `lora_adapter_metadata`. Equal arguments give equal bytes.
 * @throws LoftError "disk-full", "output-unwritable"
 */
export async function writeAdapter(path: string, adapter: Adapter, options: AdapterFileOptions = {}): Promise<void> {
  const { dtype = "F32", targets = {}, metadata = {} } = options;
  const tensors = new Map<string, CheckpointTensor>();
  const config: [string, unknown][] = [];
  for (const network of adapterNetworks) {
    const { modules } = adapter[network];
    const prefix = diffusersPrefixes[network];
    for (const module of modules) {
      const key = `${prefix}${fileModuleName(network, module.name)}`;
      const { down, up } = storedPair(module, dtype);
      tensors.set(`${key}.lora_A.weight`, down).set(`${key}.lora_B.weight`, up);
    }
    if (modules.length === 0) continue;
    const json = loraConfigJson(modules, targets[network]);
    config.push(...Object.entries(json).map(([name, value]) => [`${prefix}${name}`, value] as [string, unknown]));
  }
  await writeSafetensors(path, tensors, {
    ...metadata,
    format: "pt",
    lora_adapter_metadata: JSON.stringify(Object.fromEntries(config), undefined, 2),
  });
}

/**
 * Read an adapter: a file of any layout, or a folder that diffusers or PEFT wrote. Where a file says no alpha it is the
 * rank, as all of them assume.
 * @param modules the modules of the model it is for: what the model lacks is refused, and kohya's names, which have
 *   lost their dots, can be read only with them
 * @throws LoftError "file-vanished", "file-unreadable", "safetensors-invalid" as readSafetensorsHeader;
 *   "adapter-invalid" when keys are unknown or without partner, shapes do not fit, or it is no plain LoRA
 */
export async function readAdapter(path: string, modules?: ModuleNames): Promise<Adapter> {
  const found: { network: AdapterNetwork; module: AdapterModule }[] = [];
  for (const file of await weightFiles(path)) found.push(...(await readFileModules(file, modules)));
  const networkOf = (wanted: AdapterNetwork) => {
    const own = found.filter(({ network }) => network === wanted).map(({ module }) => module);
    return { modules: own.sort((left, right) => (left.name < right.name ? -1 : 1)) };
  };
  return { unet: networkOf("unet"), textEncoder: networkOf("textEncoder") };
}

/** The files of an adapter: the path itself, or what diffusers or PEFT call theirs in a folder. */
async function weightFiles(path: string): Promise<readonly string[]> {
  if (!(await isFolder(path))) return [path];
  for (const name of [adapterFileName, peftFiles.weights]) {
    if (await isThere(join(path, name))) return [join(path, name)];
  }
  const parts = ["unet", "text_encoder"].map((part) => join(path, part, peftFiles.weights));
  const there: string[] = [];
  for (const part of parts) if (await isThere(part)) there.push(part);
  if (0 < there.length) return there;
  throw adapterInvalid(
    path,
    `the folder holds neither ${adapterFileName} nor ${peftFiles.weights}`,
    "Give an adapter's file, or the folder it was saved to.",
  );
}

async function readFileModules(path: string, modules: ModuleNames | undefined) {
  const file = await readSafetensorsHeader(path);
  const pairs = checkedPairs(file, modules);
  const config = await readConfigs(file);
  const tensors = await readTensors(file);
  return pairs.map((pair) => ({
    network: pair.network,
    module: readModule(path, pair, tensors, config[pair.network]),
  }));
}

function checkedPairs({ path, tensors }: SafetensorsFile, modules: ModuleNames | undefined): readonly PairKeys[] {
  const { pairs, left } = sortKeys(tensors.keys(), modules);
  if (0 < left.length) {
    const isNameless = modules === undefined && left.some(isKohyaKey);
    throw adapterInvalid(
      path,
      `these keys ${isNameless ? "can be read only beside their model" : "are unknown or lack their other half"}: ${listed(left)}`,
      isNameless
        ? "Convert the file to diffusers layout, or name the model."
        : "Use a plain LoRA adapter (diffusers, PEFT or kohya) of this model's UNet and text encoder.",
    );
  }
  if (pairs.length === 0) throw adapterInvalid(path, "it holds no low-rank pairs", "Use an adapter file.");
  return pairs;
}

type Configs = Readonly<Record<AdapterNetwork, LoraConfig>>;

/** What a file or the configuration beside it says about ranks and alphas. */
async function readConfigs({ path, metadata }: SafetensorsFile): Promise<Configs> {
  if (basename(path) === peftFiles.weights) {
    const config = readLoraConfig(path, await readPeftConfig(path), "");
    return { unet: config, textEncoder: config };
  }
  const text = metadata.lora_adapter_metadata;
  if (text === undefined) return { unet: noConfig, textEncoder: noConfig };
  const json = parseConfig(path, text, "its lora_adapter_metadata");
  return {
    unet: readLoraConfig(path, json, diffusersPrefixes.unet),
    textEncoder: readLoraConfig(path, json, diffusersPrefixes.textEncoder),
  };
}

async function readPeftConfig(path: string) {
  const file = join(dirname(path), peftFiles.config);
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    if (fileErrorCode(error) !== "ENOENT") throw readError(error, file);
    throw adapterInvalid(
      path,
      `${peftFiles.config} is not beside it, which says its alpha`,
      "Copy the whole folder that PEFT saved.",
    );
  });
  return parseConfig(path, text, peftFiles.config);
}

function parseConfig(path: string, text: string, name: string): Readonly<Record<string, unknown>> {
  try {
    const json = parsePythonJson(text);
    if (isRecord(json)) return json;
  } catch {
    // Said below, with the file's name.
  }
  throw adapterInvalid(path, `${name} is not a JSON object`, "Write the adapter again.");
}

function readModule(
  path: string,
  pair: PairKeys,
  tensors: ReadonlyMap<string, CheckpointTensor>,
  config: LoraConfig,
): AdapterModule {
  const { name } = pair;
  const [down, up] = [tensors.get(pair.down) as CheckpointTensor, tensors.get(pair.up) as CheckpointTensor];
  const [rank, inFeatures] = down.shape;
  const [outFeatures, upRank] = up.shape;
  const isPointwise = isMatrix(down, 4) && isMatrix(up, 4);
  const fits = rank === upRank && (isPointwise || (isMatrix(down, 2) && isMatrix(up, 2)));
  if (!fits || rank === undefined || inFeatures === undefined || outFeatures === undefined) {
    throw adapterInvalid(
      path,
      `${name} has matrices [${down.shape.join(", ")}] and [${up.shape.join(", ")}], which do not form a low-rank pair`,
      "Use an adapter of linear layers; other convolutions than 1x1 are not supported.",
    );
  }
  const told = rankOf(config, name);
  if (told !== undefined && told !== rank) {
    throw adapterInvalid(
      path,
      `its configuration says rank ${told} for ${name}, its matrices have ${rank}`,
      "Write the adapter again.",
    );
  }
  const alpha = pair.alpha === undefined ? alphaOf(config, name, rank) : readAlpha(path, pair.alpha, tensors);
  const matrices = { a: toFloat32(down, pair.down), b: toFloat32(up, pair.up) };
  return { name, inFeatures, outFeatures, rank, alpha, ...matrices, ...(isPointwise ? { pointwise: true } : {}) };
}

/** Two axes that are not empty; of four, the last two are 1. */
function isMatrix({ shape }: CheckpointTensor, axes: 2 | 4): boolean {
  return shape.length === axes && shape.every((size, axis) => (axis < 2 ? 0 < size : size === 1));
}

function readAlpha(path: string, key: string, tensors: ReadonlyMap<string, CheckpointTensor>): number {
  const [alpha, ...more] = toFloat32(tensors.get(key) as CheckpointTensor, key);
  if (alpha !== undefined && more.length === 0 && Number.isFinite(alpha)) return alpha;
  throw adapterInvalid(path, `${key} is not one finite number`, "Write the adapter again.");
}
