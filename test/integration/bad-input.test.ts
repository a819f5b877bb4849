/** Photos, folders, models, configurations and command lines as users really have them: each with its own answer. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CommandResult, runCommand, userError } from "../support/cli-process.ts";
import {
  makeTinyRun,
  type TinyRun,
  tinyModelFolder,
  tinyPhoto,
  writePhoto,
  writeTinyConfig,
} from "../support/tiny-run.ts";

/** As little work as a whole run can be. */
const quick = { training: { steps: 2, warmupSteps: 1 }, sampling: { imagesPerClass: 1, steps: 1 } };

let run: TinyRun;

beforeAll(async () => {
  run = await makeTinyRun(await mkdtemp(join(tmpdir(), "loft-bad-input-")), {
    photos: { cat: 1, dog: 1 },
    config: quick,
  });
});

afterAll(() => rm(run.folder, { recursive: true, force: true }));

describe("awkward photos and class names", () => {
  const longName = `a very long name ${"x".repeat(183)}`;
  const classNames = ["two words", "v1.2 (final).", "日本語 🐈", longName, "CON"];
  let awkward: TinyRun;
  let result: CommandResult;

  beforeAll(async () => {
    awkward = await makeTinyRun(join(run.folder, "awkward"), { photos: {}, config: quick });
    for (const className of classNames) {
      await writePhoto(join(awkward.photos, className, "a photo.png"), tinyPhoto(className));
    }
    await writeAwkwardPhotos(join(awkward.photos, "mixed"));
    await mkdir(join(awkward.photos, "empty"));
    result = await runCommand(["generate", awkward.config, "--json"], awkward);
  });

  test("every usable photo gets its adapter, every class its images", () => {
    expect(result.exitCode, result.stderr).toBe(0);
    const [started] = result.events.flatMap(({ event }) => (event.type === "run-started" ? [event] : []));
    // Five of mixed/: CMYK, 16 bit, animated, transparent, rotated.
    expect(started).toMatchObject({ adapters: classNames.length + 5, images: classNames.length + 1 });
  });

  test.each([
    ["mixed/0-bytes.png", "The file has 0 bytes."],
    ["mixed/animated.gif", "It has 3 frames; the first one is used."],
    ["mixed/copy.png", "It is a copy of mixed/16-bit.png."],
    ["mixed/notes.txt", "The content is no image format that is known here."],
    ["mixed/truncated.jpg", "It cannot be decoded:"],
    ["mixed/nested", "It is a folder inside a class folder."],
    ["empty", "No usable photo is in it."],
    ["The prompt", "tokens; the model reads the first 22"],
  ])("%s is told about: %s", (path, message) => {
    const warnings = result.events.flatMap(({ event }) => (event.type === "warning" ? [event] : []));
    const own = warnings.filter(({ what }) => what.startsWith(path));
    expect(own.map(({ what }) => what)).toEqual([expect.stringContaining(message)]);
    expect(own[0]?.fix).toMatch(/\w{4}/);
  });

  test("nothing else is warned about", () => {
    expect(result.events.filter(({ event }) => event.type === "warning")).toHaveLength(8);
  });

  test("folders are safe everywhere, names are the user's own", async () => {
    const classes = JSON.parse(await readFile(join(awkward.root, "data", "classes.json"), "utf8")) as {
      name: string;
      folder: string;
    }[];
    expect(classes.map(({ name }) => name).sort()).toEqual([...classNames, "mixed"].sort());
    for (const { folder } of classes) {
      expect(folder).not.toMatch(/^\.|\.$|[/\\:*?"<>|]|^CON$/);
      expect(Buffer.byteLength(folder)).toBeLessThanOrEqual(100);
      expect(await readdir(join(awkward.root, "data", "train", folder))).toEqual(["000001.png"]);
    }
  });

  test("a rotated photo stands upright in the run folder", async () => {
    const heights = new Set<string>();
    const folder = join(awkward.root, "photos", "mixed");
    for (const name of await readdir(folder)) {
      const { data } = await sharp(join(folder, name)).raw().toBuffer({ resolveWithObject: true });
      // The rotated photo is dark above and bright below once it is upright.
      if (data[0]! < 40 && 200 < data[data.length - 1]!) heights.add(name);
    }
    expect(heights.size).toBe(1);
  });
});

describe("a folder of photos that cannot be used", () => {
  const cases: readonly (readonly [name: string, code: string, files: readonly string[]])[] = [
    ["missing", "data-folder-missing", []],
    ["without anything", "data-folder-empty", ["README.txt"]],
    ["with empty classes only", "data-folder-empty", ["cat/notes.txt"]],
    ["with photos beside each other", "data-folder-layout", ["one.png", "two.png"]],
    ["with one folder too many", "data-folder-layout", ["train/cat/one.png"]],
  ];

  test.each(cases)("%s: %s", async (name, code, files) => {
    for (const file of files) {
      const path = join(run.folder, name, file);
      if (file.endsWith(".png")) await writePhoto(path, tinyPhoto(file));
      else {
        await mkdir(join(path, ".."), { recursive: true });
        await writeFile(path, "text");
      }
    }
    await writeTinyConfig(run, { ...quick, data: { folder: name } });
    expect(userError(await generate())).toMatchObject({ exitCode: 2, code, what: expect.stringContaining(name) });
    await expect(readdir(run.root)).rejects.toThrow("ENOENT");
  });

  test("a single class is no error", async () => {
    await writeTinyConfig(run, { ...quick, data: { folder: "single" } });
    await writePhoto(join(run.folder, "single", "cat", "0.png"), tinyPhoto("single"));
    const { exitCode, stderr } = await runCommand(["plan", run.config], run);
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain("warning: cat: This is the only class with photos.");
  });
});

describe("a model that cannot be used", () => {
  const cut = (file: string) => (folder: string) => truncate(join(folder, file), 100_000);
  const change = (file: string, from: string, to: string) => async (folder: string) => {
    const text = await readFile(join(folder, file), "utf8");
    expect(text).toContain(from);
    await writeFile(join(folder, file), text.replace(from, to));
  };
  const cases: readonly (readonly [
    name: string,
    code: string,
    text: RegExp,
    damage: (folder: string) => Promise<void>,
  ])[] = [
    ["cut off", "safetensors-invalid", /unet.+cut off/, cut("unet/diffusion_pytorch_model.safetensors")],
    [
      "empty file",
      "safetensors-invalid",
      /vae.+0 bytes/,
      (folder) => truncate(join(folder, "vae/diffusion_pytorch_model.safetensors")),
    ],
    ["no tokenizer", "model-missing", /tokenizer/, (folder) => rm(join(folder, "tokenizer"), { recursive: true })],
    [
      "no JSON",
      "model-config-invalid",
      /unet.config\.json/,
      (folder) => truncate(join(folder, "unet/config.json"), 10),
    ],
    [
      "other kind",
      "model-config-unsupported",
      /"class_embed_type": "timestep"/,
      change("unet/config.json", '"class_embed_type": null', '"class_embed_type": "timestep"'),
    ],
    [
      "other channels",
      "model-mismatch",
      /unet in_channels is 4, vae latent_channels is 16/,
      change("unet/config.json", '"in_channels": 16', '"in_channels": 4'),
    ],
    [
      "other width",
      "model-mismatch",
      /unet block_out_channels has 96 at level 1, the weights have 48/,
      change("unet/config.json", "    48\n", "    96\n"),
    ],
    [
      "other text encoder",
      "model-mismatch",
      /cross_attention_dim is 64/,
      change("unet/config.json", '"cross_attention_dim": 32', '"cross_attention_dim": 64'),
    ],
    [
      "other vocabulary",
      "model-mismatch",
      /vocab_size 500/,
      change("text_encoder/config.json", '"vocab_size": 714', '"vocab_size": 500'),
    ],
    [
      "other autoencoder",
      "model-mismatch",
      /vae block_out_channels has 16 at level 1, the weights have 8/,
      change("vae/config.json", "    8,\n    8,", "    8,\n    16,"),
    ],
    [
      "more layers",
      "tensor-missing",
      /resnets\.1/,
      change("unet/config.json", '"layers_per_block": 1', '"layers_per_block": 2'),
    ],
  ];

  test.each(cases)("%s: %s", async (name, code, text, damage) => {
    const folder = join(run.folder, `model ${name}`);
    for (const part of ["unet", "vae", "text_encoder", "tokenizer", "scheduler", "model_index.json"]) {
      await cp(join(tinyModelFolder, part), join(folder, part), { recursive: true });
    }
    await damage(folder);
    await writeTinyConfig(run, { ...quick, model: `model ${name}` });
    const exitCode = code === "model-missing" ? 2 : 1;
    expect(userError(await generate())).toMatchObject({ exitCode, code, what: expect.stringMatching(text) });
    await expect(readdir(run.root)).rejects.toThrow("ENOENT");
    await rm(folder, { recursive: true });
  });

  test("a name that is nearly one of ours", async () => {
    await writeTinyConfig(run, { ...quick, model: "loft-mni" });
    const result = await generate();
    expect(userError(result)).toMatchObject({ exitCode: 2, code: "model-missing" });
    expect(result.stderr).toContain('Did you mean "loft-mini"?');
  });
});

describe("a configuration or command line with mistakes", () => {
  test("five problems are told at once, each with its place", async () => {
    const lines = [
      "{",
      '  "model": 7,',
      '  "data": { "foldr": "photos" },',
      '  "training": { "steps": -3, "batchSize": "two" },',
      '  "sampling": { "scheduler": "ulysses" },',
      "}",
    ];
    await writeFile(join(run.folder, "five.loft.json"), lines.join("\n"));
    const result = userError(await runCommand(["generate", "five.loft.json"], run));
    expect(result).toMatchObject({ exitCode: 2, code: "config-invalid" });
    const places = [...result.what.matchAll(/^five\.loft\.json:(\d+):(\d+): \S/gm)].map(([, line]) => Number(line));
    expect(new Set(places)).toEqual(new Set([2, 3, 4, 5]));
    expect(places.length).toBeGreaterThanOrEqual(6);
  });

  test.each([
    ["config-missing", ["generate", "nowhere.loft.json"]],
    ["config-missing", ["generate", "photos"]],
    ["usage-invalid", ["generate", "tiny.loft.json", "--keep-gong"]],
    ["usage-invalid", ["generate", "tiny.loft.json", "--checkpoint-seconds", "-1"]],
    ["usage-invalid", ["generate", "tiny.loft.json", "--only-class", "cta"]],
    ["config-invalid", ["generate", "tiny.loft.json", "--output", "photos/cat/run"]],
    ["usage-invalid", ["replay", "nowhere.png"]],
  ])("%s: loft %j", async (code, args) => {
    await writeTinyConfig(run, quick);
    const result = await runCommand([...args, "--json"], run);
    expect(userError(result)).toMatchObject({ exitCode: 2, code });
    expect(JSON.parse(result.stdout.trim().split("\n").at(-1)!)).toMatchObject({ type: "error", code });
  });
});

function generate(): Promise<CommandResult> {
  return runCommand(["generate", run.config], run);
}

async function writeAwkwardPhotos(folder: string): Promise<void> {
  await mkdir(join(folder, "nested"), { recursive: true });
  await writePhoto(join(folder, "nested", "deep.png"), tinyPhoto("deep"));
  await writePhoto(join(folder, "cmyk.jpg"), tinyPhoto("cmyk").toColourspace("cmyk"));
  await writePhoto(join(folder, "16-bit.png"), tinyPhoto("16-bit").toColourspace("rgb16"));
  await cp(join(folder, "16-bit.png"), join(folder, "copy.png"));
  await writePhoto(join(folder, "transparent.png"), tinyPhoto("transparent").ensureAlpha(0.5));
  const frames = await Promise.all(["a", "b", "c"].map((name) => tinyPhoto(name, 32, 32).png().toBuffer()));
  await writePhoto(join(folder, "animated.gif"), sharp(frames, { join: { animated: true } }));
  // Bright on the left, dark on the right, and the mark that a camera on its side makes: dark is up.
  await writePhoto(join(folder, "rotated.jpg"), darkRightHalf().jpeg().withMetadata({ orientation: 8 }));
  const jpeg = await tinyPhoto("truncated").jpeg().toBuffer();
  await writeFile(join(folder, "truncated.jpg"), jpeg.subarray(0, Math.floor(jpeg.length * 0.6)));
  await writeFile(join(folder, "0-bytes.png"), "");
  await writeFile(join(folder, "notes.txt"), "no picture");
}

function darkRightHalf() {
  const rgb = new Uint8Array(64 * 64 * 3).map((_, at) => (Math.floor(at / 3) % 64 < 32 ? 255 : 0));
  return sharp(rgb, { raw: { width: 64, height: 64, channels: 3 } });
}
