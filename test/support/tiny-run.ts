/** A run that takes a few seconds: made-up photos, the tiny model of the reference cases, a few steps. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp, { type Sharp } from "sharp";
import { randomStream } from "../../daemon/base/random.ts";

/** A model with all parts that is small enough for tests. */
export const tinyModelFolder = fileURLToPath(new URL("../fixtures/reference/mini-tiny", import.meta.url));

/** Sections of a configuration; members of a section replace or join those of the default. */
export type TinyConfig = { readonly [section: string]: unknown };

export type TinyRun = {
  /** Holds the configuration, the photos and the run folder; the working folder of commands. */
  readonly folder: string;
  /** The configuration's name in it. */
  readonly config: string;
  readonly photos: string;
  /** The run folder. */
  readonly root: string;
};

/** Steps of each adapter. */
export const tinySteps = 12;

const defaults = {
  name: "tiny",
  model: tinyModelFolder,
  data: { folder: "photos" },
  training: { steps: tinySteps, warmupSteps: 2, batchSize: 2, resolution: 64 },
  sampling: { imagesPerClass: 3, steps: 3, batchSize: 2 },
};

/**
 * Write photos and configuration into `folder`.
 * @param photos how many by class; without it there are two classes, "cat" with three photos and "dog" with one
 */
export async function makeTinyRun(
  folder: string,
  { photos = { cat: 3, dog: 1 }, config = {} }: { photos?: Readonly<Record<string, number>>; config?: TinyConfig } = {},
): Promise<TinyRun> {
  await mkdir(folder, { recursive: true });
  for (const [className, count] of Object.entries(photos)) {
    for (let index = 0; index < count; index += 1) {
      await writePhoto(join(folder, "photos", className, `${index}.png`), tinyPhoto(`${className} ${index}`));
    }
  }
  const run = { folder, config: "tiny.loft.json", photos: join(folder, "photos"), root: join(folder, "runs", "tiny") };
  await writeTinyConfig(run, config);
  return run;
}

/** Replace the configuration by the default with other values. */
export async function writeTinyConfig({ folder, config }: TinyRun, values: TinyConfig): Promise<void> {
  const merged: Record<string, unknown> = { ...defaults };
  for (const [section, value] of Object.entries(values)) merged[section] = mergedSection(merged[section], value);
  await writeFile(join(folder, config), JSON.stringify(merged, null, 2));
}

/** A picture that is no other one's: stripes and noise named by `name`. */
export function tinyPhoto(name: string, width = 80, height = 72): Sharp {
  const rng = randomStream("photo", name);
  const [red, green, blue, tilt] = [rng.integer(256), rng.integer(256), rng.integer(256), 1 + rng.integer(9)];
  const rgb = new Uint8Array(width * height * 3);
  for (let at = 0; at < width * height; at += 1) {
    const stripe = ((at % width) + tilt * Math.floor(at / width)) % 24 < 12 ? 0 : 90;
    rgb.set([(red + stripe) % 256, (green + stripe) % 256, (blue + rng.integer(20)) % 256], at * 3);
  }
  return sharp(rgb, { raw: { width, height, channels: 3 } });
}

/** Write a picture in the format that its name ends with. */
export async function writePhoto(file: string, picture: Sharp): Promise<void> {
  await mkdir(join(file, ".."), { recursive: true });
  await picture.toFile(file);
}

function mergedSection(before: unknown, after: unknown): unknown {
  const isSection = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);
  return isSection(before) && isSection(after) ? { ...(before as object), ...(after as object) } : after;
}
