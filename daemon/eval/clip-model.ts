/** A CLIP model read from its folder in transformers layout: configs, tokenizer, and where the weights lie. */
import { join } from "node:path";
import { readJsonFile } from "../checkpoint/diffusers-folder.ts";
import { isFile } from "../checkpoint/path-kind.ts";
import { chooseWeights, locateWeights, readWeightFiles, type WeightFiles } from "../checkpoint/weight-files.ts";
import { endTokenIndex } from "../diffusion/text-encoder.ts";
import { loadTokenizer, type Tokenizer } from "../diffusion/tokenizer.ts";
import { float32, type HostTensor, int64 } from "../engine/graph/tensor.ts";
import type { SessionOptions } from "../engine/runtime/session.ts";
import { type ClipConfig, readClipConfig } from "./clip-config.ts";
import { type ClipProcessor, defaultProcessor, readProcessor } from "./clip-processor.ts";

export type ClipModel = {
  readonly folder: string;
  readonly config: ClipConfig;
  readonly file: WeightFiles;
  readonly tokenizer: Tokenizer;
  readonly processor: ClipProcessor;
  readonly session: SessionOptions;
};

/**
 * Read a folder that transformers' `CLIPModel.save_pretrained` and `CLIPProcessor.save_pretrained` made.
 * @throws LoftError "model-missing", "model-config-invalid", "model-config-unsupported", "model-weights-unsupported",
 *   "safetensors-invalid", "tokenizer-invalid"
 */
export async function loadClipModel(folder: string, session: SessionOptions): Promise<ClipModel> {
  const config = readClipConfig(await readJsonFile(join(folder, "config.json")));
  const { name, isIndex } = await chooseWeights(folder, "model");
  const index = isIndex ? (await readJsonFile(join(folder, name))).json : undefined;
  const file = await readWeightFiles(await locateWeights(folder, name, index));
  const processorFile = join(folder, "preprocessor_config.json");
  const hasProcessor = await isFile(processorFile);
  return {
    folder,
    config,
    file,
    tokenizer: await loadTokenizer(folder),
    processor: hasProcessor
      ? readProcessor(await readJsonFile(processorFile))
      : defaultProcessor(config.vision.imageSize),
    session,
  };
}

/**
 * Texts as the text tower takes them.
 * @param length tokens of each, at least `longestText`; those behind a text's end token change nothing
 */
export function tokenFeeds(
  model: ClipModel,
  texts: readonly string[],
  length = Number.POSITIVE_INFINITY,
): { readonly tokenIds: HostTensor; readonly endMask: HostTensor } {
  const rows = texts.map((text) => tokensOf(model, text).slice(0, length));
  const width = rows[0]!.length;
  const endMask = new Float32Array(rows.length * width);
  for (const [row, ids] of rows.entries()) endMask[row * width + endOf(model, ids)] = 1;
  return {
    tokenIds: int64(rows.flat(), [rows.length, width]),
    endMask: float32(endMask, [rows.length, 1, width]),
  };
}

/** Tokens of the longest text, its end token among them. */
export function longestText(model: ClipModel, texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, 1 + endOf(model, tokensOf(model, text))), 1);
}

function tokensOf({ tokenizer, config }: ClipModel, text: string): readonly number[] {
  return tokenizer.encode(text).slice(0, config.text.maxPositionEmbeddings);
}

function endOf({ tokenizer, config }: ClipModel, ids: readonly number[]): number {
  return endTokenIndex(ids, { ...config.text, eosTokenId: tokenizer.eosId });
}
