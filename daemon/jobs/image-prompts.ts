/** The prompt embeds of each image: of its words alone, or of its words and its fusion where adapters change the text encoder. */
import { LoftError } from "../base/errors.ts";
import { hashOf } from "../base/hash.ts";
import { encodePrompts } from "../diffusion/encode-prompts.ts";
import type { ImageTask } from "../pipeline/plan.ts";
import { type AdaptedPromptEncoder, createAdaptedPromptEncoder } from "../sampling/encode-adapted-prompts.ts";
import type { ImageFusion } from "./image-fusion.ts";
import { type Job, stopIfInterrupted } from "./job.ts";

/** [tokens * width] each. */
export type ImageEmbeds = { readonly promptEmbeds: Float32Array; readonly negativeEmbeds: Float32Array };

export type ImagePrompts = { readonly embedsOf: (task: ImageTask) => Promise<ImageEmbeds> };

/**
 * Get ready to encode the prompts of images.
 * @param images in the order in which they will be asked for
 * @param makeRoom called before sessions of the text encoder are made while others may be in memory
 */
export function imagePrompts(
  job: Job,
  fusion: ImageFusion,
  images: readonly ImageTask[],
  makeRoom: () => Promise<void>,
): ImagePrompts {
  if (fusion.layouts.textEncoder !== undefined) return adaptedPrompts(job, fusion, images, makeRoom);
  return plainPrompts(job, images, makeRoom);
}

/** Images of one class often share fusion and words: so many different ones are encoded ahead and kept. */
const encodedAhead = 256;

/** Prompts encoded by the text encoder as it is. */
export function plainPrompts(
  { model, signal }: Pick<Job, "model" | "signal">,
  images: readonly ImageTask[],
  makeRoom: () => Promise<void>,
): ImagePrompts {
  let known: ReadonlyMap<string, Float32Array> = new Map();
  const places = new Map(images.map(({ id }, place) => [id, place]));
  return {
    embedsOf: async ({ id, prompt, negativePrompt }) => {
      if (!known.has(prompt) || !known.has(negativePrompt)) {
        await makeRoom();
        known = await encodePrompts(model.diffusion, nextWords(images.slice(places.get(id)!)), signal);
      }
      return { promptEmbeds: known.get(prompt)!, negativeEmbeds: known.get(negativePrompt)! };
    },
  };
}

/** The first different prompts of `images`: captions may be thousands, and embeds are some hundred kilobytes each. */
function nextWords(images: readonly ImageTask[]): readonly string[] {
  const words = new Set<string>();
  for (const { prompt, negativePrompt } of images) {
    if (encodedAhead <= words.size) break;
    words.add(prompt).add(negativePrompt);
  }
  return [...words];
}

function adaptedPrompts(
  job: Job,
  fusion: ImageFusion,
  images: readonly ImageTask[],
  makeRoom: () => Promise<void>,
): ImagePrompts {
  let known: ReadonlyMap<string, ImageEmbeds> = new Map();
  const places = new Map(images.map(({ id }, place) => [id, place]));
  return {
    embedsOf: async (task) => {
      const found = known.get(embedsKey(task));
      if (found !== undefined) return found;
      // Asked before the others: what is wrong with this image's adapters is told here.
      await fusion.packed("textEncoder", task);
      await makeRoom();
      known = await encodeAhead(job, fusion, images.slice(places.get(task.id)!));
      return known.get(embedsKey(task))!;
    },
  };
}

/** Encode the first different ones of `images`; those whose adapters cannot be used are left out. */
async function encodeAhead(job: Job, fusion: ImageFusion, images: readonly ImageTask[]) {
  const embeds = new Map<string, ImageEmbeds>();
  const layout = fusion.layouts.textEncoder!;
  const encoder = await createAdaptedPromptEncoder(job.model.diffusion, { rows: 1, layout });
  try {
    for (const task of images) {
      if (encodedAhead <= embeds.size) break;
      if (embeds.has(embedsKey(task))) continue;
      stopIfInterrupted(job);
      const packed = await unlessMissing(() => fusion.packed("textEncoder", task));
      if (packed !== undefined) embeds.set(embedsKey(task), await encodeWords(encoder, task, packed));
    }
    return embeds;
  } finally {
    await encoder.release();
  }
}

/** Both prompts of an image with its fusion, one after the other. */
export async function encodeWords(
  encoder: AdaptedPromptEncoder,
  { prompt, negativePrompt }: Pick<ImageTask, "prompt" | "negativePrompt">,
  fusion: Float32Array,
): Promise<ImageEmbeds> {
  const [promptEmbeds] = await encoder.encode([{ prompt, fusion }]);
  const [negativeEmbeds] = await encoder.encode([{ prompt: negativePrompt, fusion }]);
  return { promptEmbeds: promptEmbeds!, negativeEmbeds: negativeEmbeds! };
}

/** Equal for images with the same words and the same fusion. */
function embedsKey({ prompt, negativePrompt, fusion }: ImageTask): string {
  return hashOf({ prompt, negativePrompt, fusion });
}

async function unlessMissing<Result>(read: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof LoftError) return undefined;
    throw error;
  }
}
