/** The files of a tokenizer, read and parsed; what they mean is for `diffusion/tokenizer.ts`. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { loftError } from "../base/errors.ts";
import { type ConfigFile, type JsonRecord, readJsonFile } from "./diffusers-folder.ts";
import { isFile } from "./path-kind.ts";

export type TokenizerFiles = {
  readonly folder: string;
  /** tokenizer.json, which holds everything; else vocabulary and merges are there. */
  readonly whole: ConfigFile | undefined;
  readonly vocabulary: ConfigFile | undefined;
  /** The lines of merges.txt without the version line. */
  readonly merges: readonly string[] | undefined;
  /** tokenizer_config.json and special_tokens_map.json; empty when absent. */
  readonly config: JsonRecord;
  readonly specialTokens: JsonRecord;
};

/**
 * Read what there is of tokenizer.json, vocab.json, merges.txt, tokenizer_config.json and special_tokens_map.json.
 * @throws LoftError "model-missing" when there is neither tokenizer.json nor vocab.json with merges.txt,
 *   "model-config-invalid" when a file is not JSON
 */
export async function readTokenizerFiles(folder: string): Promise<TokenizerFiles> {
  const [whole, vocabulary, config, specialTokens] = await Promise.all(
    ["tokenizer.json", "vocab.json", "tokenizer_config.json", "special_tokens_map.json"].map((name) =>
      readIfPresent(join(folder, name)),
    ),
  );
  const merges = await readMerges(join(folder, "merges.txt"));
  if (whole === undefined && (vocabulary === undefined || merges === undefined)) {
    throw loftError("model-missing", {
      what: `${folder} holds neither tokenizer.json nor vocab.json with merges.txt.`,
      fix: "Get the tokenizer's files again.",
    });
  }
  return { folder, whole, vocabulary, merges, config: config?.json ?? {}, specialTokens: specialTokens?.json ?? {} };
}

async function readIfPresent(path: string): Promise<ConfigFile | undefined> {
  return (await isFile(path)) ? readJsonFile(path) : undefined;
}

async function readMerges(path: string): Promise<readonly string[] | undefined> {
  if (!(await isFile(path))) return undefined;
  const lines = (await readFile(path, "utf8")).split(/\r?\n/);
  return lines.filter((line, index) => line !== "" && !(index === 0 && line.startsWith("#version")));
}
