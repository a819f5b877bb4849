/** CLIP's tokenizer, against transformers on awkward texts. */
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadTokenizer } from "../../../daemon/diffusion/tokenizer.ts";
import { loftErrorOf } from "../../support/loft-error.ts";
import { referenceArray, referenceJson, referencePath } from "../../support/reference.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const awkward = referenceJson<{ texts: string[]; tokens: string[][] }>("tokenizer", "case.json");
const mini = referencePath("mini-tiny", "tokenizer");

/** A folder with CLIP's real vocabulary and some further JSON files. */
async function clipFolder(files: Record<string, unknown> = {}): Promise<string> {
  return folderFrom(referencePath("tokenizer"), ["vocab.json", "merges.txt"], files);
}

async function folderFrom(source: string, names: string[], files: Record<string, unknown>): Promise<string> {
  const folder = await temporaryFolder();
  for (const name of names) await copyFile(join(source, name), join(folder, name));
  for (const [name, json] of Object.entries(files)) {
    await writeFile(join(folder, name), typeof json === "string" ? json : JSON.stringify(json));
  }
  return folder;
}

describe("CLIP's vocabulary from vocab.json and merges.txt", () => {
  it("splits 43 awkward texts as transformers does", async () => {
    const tokenizer = await loadTokenizer(await clipFolder());
    expect(awkward.texts.length).toBe(43);
    expect(awkward.texts.map(tokenizer.tokens)).toEqual(awkward.tokens);
  });

  it.each([
    ["input_ids", {}],
    ["input_ids", { "tokenizer_config.json": { model_max_length: 77, pad_token: { content: "<|endoftext|>" } } }],
    ["input_ids.sd2", { "tokenizer_config.json": { pad_token: "!", model_max_length: 1e30 } }],
    [
      "input_ids.sd2",
      { "tokenizer_config.json": { pad_token: "<|endoftext|>" }, "special_tokens_map.json": { pad_token: "!" } },
    ],
    [
      "input_ids.sd2",
      {
        "tokenizer_config.json": { pad_token: "!", added_tokens_decoder: {} },
        "special_tokens_map.json": { pad_token: "<|endoftext|>" },
      },
    ],
  ])("cuts and pads them: %s with %j", async (name, files) => {
    const tokenizer = await loadTokenizer(await clipFolder(files));
    const wanted = await referenceArray("tokenizer", name);
    expect(awkward.texts.flatMap(tokenizer.encode)).toEqual([...wanted.data]);
    expect([tokenizer.maxLength, tokenizer.bosId, tokenizer.eosId]).toEqual([77, 49406, 49407]);
  });

  it("gives maxLength ids of the vocabulary for any text", async () => {
    const tokenizer = await loadTokenizer(await clipFolder());
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: "binary" })), (text) => {
        const ids = tokenizer.encode(text);
        expect(ids.length).toBe(77);
        expect(ids[0]).toBe(49406);
        expect(ids).toContain(49407);
        expect(ids.every((id) => Number.isInteger(id) && 0 <= id && id <= 49407)).toBe(true);
      }),
    );
  });

  it("takes an unpaired surrogate for the replacement character", async () => {
    const tokenizer = await loadTokenizer(await clipFolder());
    expect(tokenizer.encode("a \ud800 b")).toEqual(tokenizer.encode("a \ufffd b"));
  });
});

describe("a small model's tokenizer", () => {
  it.each([
    ["tokenizer.json", ["tokenizer.json", "tokenizer_config.json"]],
    ["vocab.json and merges.txt", ["vocab.json", "merges.txt", "tokenizer_config.json"]],
    ["all of them", ["tokenizer.json", "vocab.json", "merges.txt", "tokenizer_config.json"]],
  ])("from %s", async (_, names) => {
    const tokenizer = await loadTokenizer(await folderFrom(mini, names, {}));
    const { prompts } = referenceJson<{ prompts: string[] }>("mini-tiny", "case.json");
    const wanted = await referenceArray("mini-tiny", "text.input_ids");
    expect(prompts.flatMap(tokenizer.encode)).toEqual([...wanted.data]);
    expect([tokenizer.maxLength, tokenizer.padId]).toEqual([24, 713]);
  });

  it("reads merges with Windows line ends", async () => {
    const merges = (await readFile(join(mini, "merges.txt"), "utf8")).replaceAll("\n", "\r\n");
    const folder = await folderFrom(mini, ["vocab.json", "tokenizer_config.json"], { "merges.txt": merges });
    const text = "the photo of another thing";
    expect((await loadTokenizer(folder)).encode(text)).toEqual((await loadTokenizer(mini)).encode(text));
  });
});

describe("tokenizers that cannot be used", () => {
  const small = {
    type: "BPE",
    end_of_word_suffix: "</w>",
    vocab: { "<|startoftext|>": 0, "<|endoftext|>": 1 },
    merges: [],
  };
  const around = (model: unknown) => ({
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
    model,
  });

  it("is fine with the smallest one", async () => {
    const tokenizer = await loadTokenizer(await folderFrom(mini, [], { "tokenizer.json": around(small) }));
    expect(tokenizer.encode("").slice(0, 3)).toEqual([0, 1, 1]);
  });

  it.each([
    ["another kind of model", { "tokenizer.json": around({ ...small, type: "WordPiece" }) }, /byte-pair/],
    ["no model", { "tokenizer.json": {} }, /byte-pair/],
    ["no vocabulary", { "tokenizer.json": around({ ...small, vocab: {} }) }, /byte-pair/],
    ["no end-of-word mark", { "tokenizer.json": around({ ...small, end_of_word_suffix: "" }) }, /byte-pair/],
    ["merges of three", { "tokenizer.json": around({ ...small, merges: ["a b c"] }) }, /pairs/],
    ["ids that are texts", { "tokenizer.json": around({ ...small, vocab: { a: "0" } }) }, /ids/],
    [
      "an end token it does not have",
      { "tokenizer.json": around({ ...small, vocab: { "<|startoftext|>": 0 } }) },
      /"<\|endoftext\|>"/,
    ],
    [
      "a padding token it does not have",
      { "tokenizer.json": around(small), "tokenizer_config.json": { pad_token: "PAD" } },
      /"PAD"/,
    ],
    ["an unknown normalizer", { "tokenizer.json": { ...around(small), normalizer: { type: "Nonsense" } } }, /Nonsense/],
  ])("%s", async (_, files, message) => {
    const folder = await folderFrom(mini, [], files);
    const error = await loftErrorOf(() => loadTokenizer(folder), "tokenizer-invalid");
    expect(error.what).toMatch(message);
    expect(error.what).toContain(folder);
  });

  it("says which files are missing", async () => {
    const folder = await folderFrom(mini, ["vocab.json"], {});
    expect((await loftErrorOf(() => loadTokenizer(folder), "model-missing")).what).toContain("merges.txt");
  });

  it("says when a file is no JSON", async () => {
    const folder = await folderFrom(mini, [], { "tokenizer.json": "{" });
    await loftErrorOf(() => loadTokenizer(folder), "model-config-invalid");
  });
});
