/**
 * A model folder as diffusers lays it out: which component lies where, its config, and the folder's content hash.
 * Knows names and places only; what a config means is for `diffusion/configs`.
 */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { loftError } from "../base/errors.ts";
import { isRecord, parsePythonJson } from "./json-text.ts";
import { isFile } from "./path-kind.ts";
import { chooseWeights, locateWeights, type WeightLocation } from "./weight-files.ts";

export type JsonRecord = Readonly<Record<string, unknown>>;

/** A parsed config and the file it came from, for error texts. */
export type ConfigFile = { readonly path: string; readonly json: JsonRecord };

/** A network: its config, and where its weights lie. */
export type NetworkFolder = { readonly config: ConfigFile; readonly weights: WeightLocation };

export type ModelFolder = {
  readonly path: string;
  readonly unet: NetworkFolder;
  readonly vae: NetworkFolder;
  readonly textEncoder: NetworkFolder;
  readonly scheduler: ConfigFile;
  /** Folder of the tokenizer's files. */
  readonly tokenizer: string;
  /** Every file that the model's results depend on, relative to `path`, with forward slashes, sorted. */
  readonly files: readonly string[];
};

/** Classes that model_index.json may name per component; the scheduler's class is checked where its config is read. */
const allowedClasses: Readonly<Record<string, readonly string[] | "any">> = {
  unet: ["UNet2DConditionModel"],
  vae: ["AutoencoderKL"],
  text_encoder: ["CLIPTextModel"],
  tokenizer: ["CLIPTokenizer", "CLIPTokenizerFast"],
  scheduler: "any",
};

/** Parts of a pipeline that take no part in making an image from text. */
const unusedParts = ["safety_checker", "feature_extractor", "image_encoder", "requires_safety_checker"];

const tokenizerFiles = [
  "tokenizer.json",
  "vocab.json",
  "merges.txt",
  "tokenizer_config.json",
  "special_tokens_map.json",
];

/**
 * Look a model folder over and read its configs; weights are only located.
 * @throws LoftError "model-missing" when a file is absent, "model-config-invalid" when one is not JSON,
 *   "model-config-unsupported" for other kinds of pipeline, "model-weights-unsupported" for pickled weights
 */
export async function readModelFolder(path: string): Promise<ModelFolder> {
  await assertFolder(path);
  const index = await readJsonFile(join(path, "model_index.json"));
  checkIndex(index);
  const unet = await readNetwork(path, "unet", "diffusion_pytorch_model");
  const vae = await readNetwork(path, "vae", "diffusion_pytorch_model");
  const textEncoder = await readNetwork(path, "text_encoder", "model");
  const scheduler = await readJsonFile(join(path, "scheduler", "scheduler_config.json"));
  const files = ["model_index.json", "scheduler/scheduler_config.json", ...(await presentTokenizerFiles(path))];
  for (const [part, { weights }] of Object.entries({ unet, vae, text_encoder: textEncoder })) {
    for (const name of ["config.json", ...weights.names]) files.push(`${part}/${name}`);
  }
  return { path, unet, vae, textEncoder, scheduler, tokenizer: join(path, "tokenizer"), files: files.sort() };
}

/**
 * Read a JSON file that holds an object; NaN and infinities as Python writes them are accepted.
 * @throws LoftError "model-missing" when there is no such file, "model-config-invalid" when it is something else
 */
export async function readJsonFile(path: string): Promise<ConfigFile> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw missing(path, cause);
  }
  let json: unknown;
  try {
    json = parsePythonJson(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    throw loftError("model-config-invalid", {
      what: `${path} is not JSON: ${(cause as Error).message}.`,
      fix: "Get the model's files again.",
      cause,
    });
  }
  if (isRecord(json)) return { path, json };
  throw loftError("model-config-invalid", {
    what: `${path} holds no JSON object.`,
    fix: "Get the model's files again.",
  });
}

function checkIndex({ path, json }: ConfigFile): void {
  if (json._class_name !== "StableDiffusionPipeline") {
    throw unsupported(path, "_class_name", json._class_name, ["StableDiffusionPipeline"]);
  }
  for (const [part, value] of Object.entries(json)) {
    if (part.startsWith("_") || unusedParts.includes(part)) continue;
    const className = classOf(value);
    const allowed = Object.hasOwn(allowedClasses, part) ? allowedClasses[part] : undefined;
    if (className === undefined && (allowed === undefined || isAbsent(value))) continue;
    if (allowed === undefined) throw unsupported(path, part, value, ["null"]);
    if (allowed !== "any" && !allowed.includes(className ?? "")) throw unsupported(path, part, value, allowed);
  }
  for (const part of Object.keys(allowedClasses)) {
    if (classOf(json[part]) !== undefined) continue;
    throw loftError("model-config-invalid", {
      what: `${path} names no "${part}".`,
      fix: "Use a complete Stable Diffusion model in diffusers folder layout.",
    });
  }
}

/** model_index.json names a component as [library, class], an absent one as [null, null] or null. */
function classOf(value: unknown): string | undefined {
  return Array.isArray(value) && typeof value[1] === "string" ? value[1] : undefined;
}

function isAbsent(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.every((item) => item === null));
}

async function readNetwork(model: string, part: string, stem: string): Promise<NetworkFolder> {
  const folder = join(model, part);
  const config = await readJsonFile(join(folder, "config.json"));
  const { name, isIndex } = await chooseWeights(folder, stem);
  const index = isIndex ? (await readJsonFile(join(folder, name))).json : undefined;
  return { config, weights: await locateWeights(folder, name, index) };
}

async function presentTokenizerFiles(folder: string): Promise<string[]> {
  const present: string[] = [];
  for (const name of tokenizerFiles) {
    if (await isFile(join(folder, "tokenizer", name))) present.push(`tokenizer/${name}`);
  }
  const complete = present.includes("tokenizer/tokenizer.json") || present.includes("tokenizer/vocab.json");
  if (!complete) throw missing(join(folder, "tokenizer", "tokenizer.json"));
  return present;
}

async function assertFolder(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory()) throw missing(path);
}

function missing(path: string, cause?: unknown) {
  return loftError("model-missing", {
    what: `${path} is missing or cannot be read.`,
    fix: "Point to a Stable Diffusion model in diffusers folder layout, or get the missing file again.",
    cause,
  });
}

function unsupported(path: string, key: string, value: unknown, supported: readonly string[]) {
  return loftError("model-config-unsupported", {
    what: `${path} has "${key}": ${JSON.stringify(value)}; this version supports ${supported.join(", ")}.`,
    fix: "Use a model of the Stable Diffusion 1.x or 2.x kind.",
  });
}
