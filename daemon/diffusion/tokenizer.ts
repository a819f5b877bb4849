/**
 * CLIP's tokenizer: text to token ids (Radford et al. 2021; normalization and splitting as in transformers 5.23).
 * The byte-pair encoding itself is done by @huggingface/tokenizers, which nothing else may import.
 */
import { Tokenizer as BpeTokenizer } from "@huggingface/tokenizers";
import { loftError } from "../base/errors.ts";
import type { JsonRecord } from "../checkpoint/diffusers-folder.ts";
import { readTokenizerFiles, type TokenizerFiles } from "../checkpoint/tokenizer-folder.ts";

export type Tokenizer = {
  /** Begin token, the text's tokens cut to fit, end token, then padding: always `maxLength` ids. */
  readonly encode: (text: string) => number[];
  /** The text's own tokens, neither cut nor padded: to see what a prompt turns into, and whether it will be cut. */
  readonly tokens: (text: string) => string[];
  readonly maxLength: number;
  readonly padId: number;
  readonly bosId: number;
  readonly eosId: number;
};

/**
 * Load the tokenizer of a model from its folder.
 * @throws LoftError "model-missing", "model-config-invalid" as readTokenizerFiles, "tokenizer-invalid" as createTokenizer
 */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  return createTokenizer(await readTokenizerFiles(folder));
}

/**
 * Make a tokenizer of files already read.
 * @throws LoftError "tokenizer-invalid" when it is not a CLIP tokenizer or a special token is not in its vocabulary
 */
export function createTokenizer(files: TokenizerFiles): Tokenizer {
  const names = specialTokenNames(files);
  const definition = files.whole?.json ?? definitionFrom(files, names);
  const vocabulary = vocabularyOf(files, definition);
  const idOf = (token: string): number => {
    const id = vocabulary.get(token);
    if (id !== undefined) return id;
    throw invalid(files, `the special token ${JSON.stringify(token)} is not in its vocabulary`);
  };
  const [bosId, eosId, padId] = [idOf(names.bos), idOf(names.eos), idOf(names.pad)];
  const bpe = openLibrary(files, withSpecialTokens(definition, Object.values(names), idOf));
  const maxLength = maxLengthOf(files.config);
  // An unpaired surrogate has no UTF-8 form; the replacement character is what it becomes everywhere else.
  const encodeText = (text: string) =>
    bpe.encode(text.replace(/\p{Surrogate}/gu, "\uFFFD"), { add_special_tokens: false });
  return {
    maxLength,
    padId,
    bosId,
    eosId,
    tokens: (text) => encodeText(text).tokens,
    encode: (text) => {
      const ids = [bosId, ...encodeText(text).ids.slice(0, maxLength - 2), eosId];
      return [...ids, ...Array.from({ length: maxLength - ids.length }, () => padId)];
    },
  };
}

type SpecialTokenNames = Readonly<Record<"bos" | "eos" | "pad" | "unk", string>>;

/** Context length of all published CLIP text encoders, for tokenizers that do not say. */
const clipMaxLength = 77;

function maxLengthOf(config: JsonRecord): number {
  const value = config.model_max_length;
  // transformers writes 10^30 for "not known".
  const isKnown = typeof value === "number" && Number.isSafeInteger(value) && 2 < value && value < 1e6;
  return isKnown ? value : clipMaxLength;
}

/**
 * Which tokens begin, end and pad. special_tokens_map.json wins, except over a tokenizer_config.json of the newer kind
 * (with "added_tokens_decoder"); so Stable Diffusion 2 pads with "!".
 */
function specialTokenNames({ config, specialTokens }: TokenizerFiles): SpecialTokenNames {
  const sources = Object.hasOwn(config, "added_tokens_decoder") ? [config, specialTokens] : [specialTokens, config];
  const nameOf = (key: string, fallback: string): string => {
    for (const source of sources) {
      const name = tokenText(source[key]);
      if (name !== undefined) return name;
    }
    return fallback;
  };
  return {
    bos: nameOf("bos_token", "<|startoftext|>"),
    eos: nameOf("eos_token", "<|endoftext|>"),
    pad: nameOf("pad_token", "<|endoftext|>"),
    unk: nameOf("unk_token", "<|endoftext|>"),
  };
}

/** A token stands as text or as an object with its text in `content`. */
function tokenText(value: unknown): string | undefined {
  const text = typeof value === "object" && value !== null ? (value as JsonRecord).content : value;
  return typeof text === "string" ? text : undefined;
}

/** What tokenizer.json would hold, from vocab.json and merges.txt. */
function definitionFrom({ vocabulary, merges }: TokenizerFiles, names: SpecialTokenNames): JsonRecord {
  const split = "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";
  const normalizers = [
    { type: "NFC" },
    { type: "Replace", pattern: { Regex: "\\s+" }, content: " " },
    { type: "Lowercase" },
  ];
  const pretokenizers = [
    { type: "Split", pattern: { Regex: split }, behavior: "Removed", invert: true },
    { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
  ];
  return {
    added_tokens: [],
    normalizer: { type: "Sequence", normalizers },
    pre_tokenizer: { type: "Sequence", pretokenizers },
    post_processor: null,
    decoder: null,
    model: {
      type: "BPE",
      unk_token: names.unk,
      end_of_word_suffix: "</w>",
      vocab: vocabulary?.json,
      merges: merges?.map((line) => line.split(" ")),
    },
  };
}

function vocabularyOf(files: TokenizerFiles, definition: JsonRecord): ReadonlyMap<string, number> {
  const model = definition.model as JsonRecord | undefined;
  const pairs = typeof model?.vocab === "object" && model.vocab !== null ? Object.entries(model.vocab) : [];
  const merges = Array.isArray(model?.merges) ? model.merges : undefined;
  const isClip = model?.type === "BPE" && model.end_of_word_suffix === "</w>";
  if (!isClip || merges === undefined || pairs.length === 0) {
    throw invalid(files, "it is not a byte-pair encoding of CLIP's kind");
  }
  if (!merges.every(isMerge)) throw invalid(files, "its merges are not pairs of tokens");
  if (!pairs.every(([, id]) => Number.isSafeInteger(id) && 0 <= (id as number))) {
    throw invalid(files, "its vocabulary holds something else than ids");
  }
  return new Map([...pairs, ...addedTokens(definition).map(({ content, id }) => [content, id] as const)]);
}

function isMerge(merge: unknown): boolean {
  const pair = typeof merge === "string" ? merge.split(" ") : merge;
  return Array.isArray(pair) && pair.length === 2 && pair.every((token) => typeof token === "string" && token !== "");
}

type AddedToken = { readonly content: string; readonly id: number };

function addedTokens(definition: JsonRecord): readonly AddedToken[] {
  return Array.isArray(definition.added_tokens) ? definition.added_tokens.filter(isAddedToken) : [];
}

function isAddedToken(value: unknown): value is AddedToken {
  const token = value as Partial<AddedToken> | null;
  return typeof token?.content === "string" && Number.isSafeInteger(token.id);
}

/** Special tokens written out in a text count as themselves, the padding token too, as in transformers. */
function withSpecialTokens(
  definition: JsonRecord,
  names: readonly string[],
  idOf: (token: string) => number,
): JsonRecord {
  const present = addedTokens(definition);
  const absent = [...new Set(names)].filter((name) => !present.some(({ content }) => content === name));
  const added = absent.map((content) => ({ content, id: idOf(content), special: true, normalized: false }));
  // We add begin, end and padding ourselves, since the library knows no truncation.
  return { ...definition, added_tokens: [...present, ...added], post_processor: null, decoder: null };
}

function openLibrary(files: TokenizerFiles, definition: JsonRecord): BpeTokenizer {
  try {
    return new BpeTokenizer(definition, {});
  } catch (cause) {
    throw invalid(files, (cause as Error).message, cause);
  }
}

function invalid(files: TokenizerFiles, reason: string, cause?: unknown) {
  return loftError("tokenizer-invalid", {
    what: `The tokenizer in ${files.folder} cannot be used: ${reason}.`,
    fix: "Get the tokenizer's files again; only CLIP tokenizers are supported.",
    cause,
  });
}
