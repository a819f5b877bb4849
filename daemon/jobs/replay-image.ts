/** Makes an image again from what it says of itself, and compares the pixels. */
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { readAdapter } from "../adapters/adapter-file.ts";
import { type AdapterNetwork, adapterNetworks } from "../adapters/adapter-weights.ts";
import { fusedRank } from "../adapters/fuse.ts";
import { loftError } from "../base/errors.ts";
import { fileErrorCode, readError } from "../base/file-errors.ts";
import { readPicture } from "../data/image-file.ts";
import { type Picture, toRgb8 } from "../data/picture.ts";
import { readPngText } from "../data/png-text.ts";
import type { DiffusionModel } from "../diffusion/diffusion-model.ts";
import { encodePrompts } from "../diffusion/encode-prompts.ts";
import type { SessionOptions } from "../engine/runtime/session.ts";
import { pipelineVersion } from "../pipeline/plan.ts";
import { createAdaptedPromptEncoder } from "../sampling/encode-adapted-prompts.ts";
import { createSampler } from "../sampling/sampler.ts";
import { type FusionLayouts, fusionLayouts } from "./adapter-layouts.ts";
import { readKeptExtra } from "./extra-adapters.ts";
import { findModel } from "./find-model.ts";
import { type AdapterShare, packFusion } from "./image-fusion.ts";
import { encodeWords, type ImageEmbeds } from "./image-prompts.ts";
import { type ImageRecord, parseImageRecord } from "./image-record.ts";
import { schedulerOf } from "./image-scheduler.ts";
import type { JobModel } from "./job.ts";
import { inRun, isWholeSafetensors } from "./run-folder.ts";
import { startNoise } from "./sample-images.ts";

export type ReplayRequest = {
  /** Absolute path of a PNG in its run folder. */
  readonly image: string;
  readonly modelsFolder: string;
  /** A model folder, where the image's model is none of the registry. */
  readonly model?: string;
  readonly session: SessionOptions;
  readonly signal: AbortSignal;
};

export type Replay = {
  readonly record: ImageRecord;
  readonly picture: Picture;
  /** Color values (three a pixel) that differ from the file's, and by how many of 255 levels at most. */
  readonly differingValues: number;
  readonly largestDifference: number;
};

/**
 * Make an image again.
 * @throws LoftError "usage-invalid" when there is no such file, "image-metadata-missing", "adapter-invalid" when its adapters are gone, "model-hash-mismatch"
 */
export async function replayImage(request: ReplayRequest): Promise<Replay> {
  const { image } = request;
  const bytes = await readFile(image).catch((error: unknown) => {
    throw fileErrorCode(error) === "ENOENT" ? missingImage(image) : readError(error, image);
  });
  const record = parseImageRecord(readPngText(bytes).get("loft"), image);
  if (record.pipelineVersion !== pipelineVersion) throw otherVersion(image, record);
  const root = await runFolderOf(image, record);
  const model = await modelOf(record, request);
  const picture = await sampleAgain(record, root, model, request.signal);
  return { record, picture, ...differences(picture, await readPicture(image)) };
}

function missingImage(image: string) {
  return loftError("usage-invalid", {
    what: `There is no file ${image}.`,
    fix: "Give the path of a PNG in a run's data folder, such as runs/my-photos/data/train/cat/000001.png.",
  });
}

/** The nearest folder above the image that holds its adapters. */
async function runFolderOf(image: string, { adapters: own, extra = [] }: ImageRecord): Promise<string> {
  const adapters = [...own, ...extra];
  for (let folder = dirname(image); ; folder = dirname(folder)) {
    const there = await Promise.all(adapters.map(({ file }) => isWholeSafetensors(inRun(folder, file))));
    if (there.every(Boolean)) return folder;
    if (dirname(folder) === folder) break;
  }
  throw loftError("adapter-invalid", {
    what: `The adapters of ${image} are in no folder above it: ${adapters.map(({ file }) => file).join(", ")}.`,
    fix: "Keep the image in its run folder together with the folder adapters/.",
  });
}

async function modelOf(
  { model }: ImageRecord,
  { model: folder, modelsFolder, session, image }: ReplayRequest,
): Promise<JobModel> {
  const found = await findModel(folder ?? model.name, { modelsFolder, baseFolder: dirname(image) }, session);
  if (found.hash === model.hash) return found;
  throw loftError("model-hash-mismatch", {
    what: `${image} was made with ${model.name} of hash ${model.hash.slice(0, 12)}; the model found has ${found.hash.slice(0, 12)}.`,
    fix: "Give the folder of the model it was made with as --model.",
  });
}

async function sampleAgain(
  record: ImageRecord,
  root: string,
  { diffusion }: JobModel,
  signal: AbortSignal,
): Promise<Picture> {
  const { parameters } = record;
  const { resolution, guidanceScale, guidanceInterval } = parameters;
  const own: AdapterShare[] = [];
  for (const { file, weight } of record.adapters) own.push({ adapter: await readAdapter(inRun(root, file)), weight });
  const extra: AdapterShare[] = [];
  for (const { sha256, weight } of record.extra ?? []) {
    extra.push({ adapter: await readKeptExtra(root, sha256), weight });
  }
  const layouts = layoutsOf(record, { own, extra }, diffusion);
  const shares = [...own, ...extra];
  const embeds = await embedsOf(record, shares, layouts, diffusion);
  const options = { resolution, guidanceScale, guidanceInterval, layout: layouts.unet };
  const sampler = await createSampler(diffusion, { rows: 1, ...options });
  try {
    const row = { noise: startNoise(diffusion, record), ...embeds, fusion: packFusion(layouts, "unet", shares) };
    const [latents] = await sampler.denoise([row], schedulerOf(diffusion, parameters), { signal });
    return toRgb8({ width: resolution, height: resolution, values: await sampler.decode(latents!) });
  } finally {
    await sampler.release();
  }
}

/** Room for the shares of one image. */
function layoutsOf(
  { adapter }: ImageRecord,
  { own, extra }: { readonly own: readonly AdapterShare[]; readonly extra: readonly AdapterShare[] },
  model: DiffusionModel,
): FusionLayouts {
  const partsOf = (network: AdapterNetwork) => own.map((share) => ({ ...share, adapter: share.adapter[network] }));
  const ranks = adapterNetworks.map((network) => fusedRank(partsOf(network)));
  return fusionLayouts(model, {
    targetModules: adapter.targetModules,
    rank: Math.max(...ranks),
    textEncoder: own.some((share) => 0 < share.adapter.textEncoder.modules.length),
    extra: extra.map((share) => share.adapter),
  });
}

async function embedsOf(
  { prompt, negativePrompt }: ImageRecord,
  shares: readonly AdapterShare[],
  layouts: FusionLayouts,
  model: DiffusionModel,
): Promise<ImageEmbeds> {
  const layout = layouts.textEncoder;
  const packed = packFusion(layouts, "textEncoder", shares);
  if (layout === undefined || packed === undefined) {
    const embeds = await encodePrompts(model, [prompt, negativePrompt]);
    return { promptEmbeds: embeds.get(prompt)!, negativeEmbeds: embeds.get(negativePrompt)! };
  }
  const encoder = await createAdaptedPromptEncoder(model, { rows: 1, layout });
  try {
    return await encodeWords(encoder, { prompt, negativePrompt }, packed);
  } finally {
    await encoder.release();
  }
}

function differences(made: Picture, stored: Picture): Pick<Replay, "differingValues" | "largestDifference"> {
  const sameSize = made.width === stored.width && made.height === stored.height;
  if (!sameSize) return { differingValues: made.rgb.length, largestDifference: 255 };
  const steps = made.rgb.map((value, index) => Math.abs(value - stored.rgb[index]!));
  return {
    differingValues: steps.filter((step) => 0 < step).length,
    largestDifference: steps.reduce((largest, step) => Math.max(largest, step), 0),
  };
}

function otherVersion(image: string, record: ImageRecord) {
  return loftError("image-metadata-missing", {
    what: `${image} was made by version ${record.pipelineVersion} of the pipeline; this is version ${pipelineVersion}.`,
    fix: "Replay it with the version of LoFT that made it.",
  });
}
