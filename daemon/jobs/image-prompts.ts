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
export async function imagePrompts(
  job: Job,
  fusion: ImageFusion,
  images: readonly ImageTask[],
  makeRoom: () => Promise<void>,
): Promise<ImagePrompts> {
  if (fusion.layouts.textEncoder !== undefined) return adaptedPrompts(job, fusion, images, makeRoom);
  const words = images.flatMap(({ prompt, negativePrompt }) => [prompt, negativePrompt]);
  const embeds = await encodePrompts(job.model.diffusion, words, job.signal);
  return {
    embedsOf: async ({ prompt, negativePrompt }) => ({
      promptEmbeds: embeds.get(prompt)!,
      negativeEmbeds: embeds.get(negativePrompt)!,
    }),
  };
}

/** Images of one class often share fusion and words: so many different ones are encoded ahead and kept. */
const encodedAhead = 256;

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
