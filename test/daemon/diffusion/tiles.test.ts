/** Tiles: where they lie, how their seams are blended, and when the autoencoder uses them. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { randomStream } from "../../../daemon/base/random.ts";
import { readSafetensorsHeader, readTensors, toFloat32 } from "../../../daemon/checkpoint/safetensors.ts";
import { createLatentDecoder } from "../../../daemon/diffusion/decode-latents.ts";
import { latentShape, latentSize } from "../../../daemon/diffusion/diffusion-model.ts";
import { createPhotoEncoder } from "../../../daemon/diffusion/encode-photos.ts";
import { computeInTiles, joinTiles, type Planes, tileSpans } from "../../../daemon/diffusion/tiles.ts";
import { decodeLatents, encodeImage } from "../../../daemon/diffusion/vae.ts";
import { tilesOf, vaeTiles } from "../../../daemon/diffusion/vae-tiling.ts";
import { float32 } from "../../../daemon/engine/graph/tensor.ts";
import { input } from "../../../daemon/engine/graph/value.ts";
import { fileWeights } from "../../../daemon/nn/weights.ts";
import { relativeError } from "../../support/reference.ts";
import { runGraph } from "../../support/run-graph.ts";
import { tinyModel, tinyResolution } from "../../support/tiny-model.ts";

const fixture = join(
  dirname(fileURLToPath(import.meta.url)),
  "..",
  "..",
  "fixtures",
  "vae-tiling",
  "tiles.safetensors",
);

async function reference() {
  const tensors = await readTensors(await readSafetensorsHeader(fixture));
  const values = (name: string) => toFloat32(tensors.get(name)!);
  return { latents: values("latents"), decoded: values("decoded"), moments: values("moments") };
}

/** As diffusers' tiled_decode and tiled_encode: made by test/fixtures/vae-tiling/make.py. */
test("tiled decoding and encoding are those of diffusers", async () => {
  const model = await tinyModel();
  const { config } = model.vae;
  const { latents, decoded, moments } = await reference();
  const tiles = tilesOf(config);
  expect(tiles).toEqual({ latents: 8, pixels: 64 });
  const decoder = await createLatentDecoder(model, 112, tiles);
  const picture = await decoder.decode(latents.map((value) => value * config.scalingFactor));
  await decoder.release();
  expect(relativeError(picture, decoded)).toBeLessThan(1e-5);
  const encoder = await createPhotoEncoder(model, 112, tiles);
  const { mean, std } = await encoder.encode(decoded);
  await encoder.release();
  const size = moments.length / 2;
  expect(relativeError(mean, moments.subarray(0, size))).toBeLessThan(1e-5);
  const wanted = moments.subarray(size).map((value) => Math.exp(value / 2));
  expect(relativeError(std, wanted)).toBeLessThan(1e-5);
});

test("tiles make a difference, so that the comparison can fail", async () => {
  const model = await tinyModel();
  const { latents, decoded } = await reference();
  const decoder = await createLatentDecoder(model, 112);
  const whole = await decoder.decode(latents.map((value) => value * model.vae.config.scalingFactor));
  await decoder.release();
  expect(relativeError(whole, decoded)).toBeGreaterThan(1e-3);
});

test("small pictures are computed whole: the bits of the plain graphs", async () => {
  const model = await tinyModel();
  const { config, file } = model.vae;
  const latents = randomStream("plain").normals(latentSize(model, tinyResolution));
  const shape = [1, ...latentShape(model, tinyResolution)];
  const unscaled = float32(
    latents.map((value) => value / config.scalingFactor),
    shape,
  );
  const picture = decodeLatents(fileWeights(file), config, input("latents", shape));
  const plain = (await runGraph({ picture }, { latents: unscaled })).picture!.data as Float32Array;
  const decoder = await createLatentDecoder(model, tinyResolution);
  expect(await decoder.decode(latents)).toEqual(plain);
  await decoder.release();
  const image = float32(plain, [1, 3, tinyResolution, tinyResolution]);
  const { mean, logVariance } = encodeImage(fileWeights(file), config, input("image", image.shape));
  const moments = await runGraph({ mean, logVariance }, { image });
  const encoder = await createPhotoEncoder(model, tinyResolution);
  expect((await encoder.encode(plain)).mean).toEqual(moments.mean!.data);
  await encoder.release();
});

const stableDiffusion = { sampleSize: 512, blockOutChannels: [128, 256, 512, 512], midBlockAddAttention: true };

test.each([
  [512, undefined],
  [768, undefined],
  [896, undefined],
  [1024, { latents: 64, pixels: 512 }],
  [2048, { latents: 64, pixels: 512 }],
])("Stable Diffusion's autoencoder at %i pixels", async (resolution, tiles) => {
  const { config } = (await tinyModel()).vae;
  expect(vaeTiles({ ...config, ...stableDiffusion }, resolution)).toEqual(tiles);
});

test.each([
  [32, 4],
  [20, 4],
  [100, 12],
  [768, 96],
])("an autoencoder for %i pixels has tiles of %i latents", async (sampleSize, latents) => {
  const { config } = (await tinyModel()).vae;
  expect(tilesOf({ ...config, sampleSize })).toEqual({ latents, pixels: 8 * latents });
});

test.each([
  [
    8,
    8,
    [
      [0, 8],
      [6, 2],
    ],
  ],
  [
    14,
    8,
    [
      [0, 8],
      [6, 8],
      [12, 2],
    ],
  ],
  [3, 4, [[0, 3]]],
])("spans of %i with tiles of %i", (length, tile, spans) => {
  expect(tileSpans(length, tile).map(({ start, length: own }) => [start, own])).toEqual(spans);
});

function planes(height: number, width: number, value: (y: number, x: number) => number): Planes {
  const values = Float32Array.from({ length: height * width }, (_, at) => value(Math.floor(at / width), at % width));
  return { channels: 1, height, width, values };
}

test("tiles that are left as they are join to what they were cut from, at any size", async () => {
  for (const [height, width] of [
    [3, 5],
    [8, 8],
    [9, 23],
    [16, 7],
  ] as const) {
    const whole = planes(height, width, (y, x) => 100 * y + x);
    const joined = await computeInTiles(whole, { cut: 8, joined: 8 }, async (tile) => tile);
    expect(relativeError(joined.values, whole.values)).toBeLessThan(1e-6);
  }
});

test("over a quarter of a tile one fades linearly into the next", () => {
  const [left, right] = [planes(1, 8, () => 0), planes(1, 8, () => 1)];
  const joined = joinTiles([[left, right]], 8, { height: 1, width: 14 });
  expect([...joined.values]).toEqual([0, 0, 0, 0, 0, 0, 0, 0.5, 1, 1, 1, 1, 0, 0]);
});
