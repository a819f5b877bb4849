/** The classifier of the LoFT and DataDream papers: CLIP with low-rank adapters in both towers, after each class's prompt. */
import { loraLayout } from "../adapters/lora.ts";
import { float32, type HostTensor } from "../engine/graph/tensor.ts";
import { createSession } from "../engine/runtime/session.ts";
import type { ClassifierJudge, ClassifierKind, PictureForm } from "./classifier.ts";
import { classifierImageGraph, classifierModules, classifierTextGraph } from "./clip-classifier-graph.ts";
import { type ClipModel, longestText, tokenFeeds } from "./clip-model.ts";
import { cropPicture, normalizePicture } from "./clip-processor.ts";
import { type ClipParts, createClipTrainer, recipe } from "./clip-trainer.ts";
import { softmax } from "./metrics.ts";
import { firstRows, pixelBatches } from "./pixel-batches.ts";

/**
 * @param sha256 of the model's files
 * @param prompts one text per class, in the order of the labels
 */
export function clipClassifier(model: ClipModel, sha256: string, prompts: readonly string[]): ClassifierKind {
  const layout = loraLayout(recipe.rank, classifierModules(model));
  const texts = { classes: prompts.length, tokens: longestText(model, prompts) };
  const parts = { model, layout, texts, feeds: tokenFeeds(model, prompts, texts.tokens) };
  return {
    ...clipPictures(model),
    identity: { classifier: sha256, prompts },
    createTrainer: (length, rows) => createClipTrainer(parts, length, rows),
    createJudge: (batchSize) => createJudge(parts, batchSize),
  };
}

/** Pictures as CLIP's picture tower takes them. */
export function clipPictures({ config, processor }: ClipModel): PictureForm {
  return {
    name: "clip",
    side: config.vision.imageSize,
    crop: (picture) => cropPicture(processor, picture),
    normalize: (picture) => normalizePicture(processor, picture),
  };
}

/** Texts are encoded once for each classifier, not once for each batch of pictures. */
async function createJudge({ model, layout, texts, feeds }: ClipParts, batchSize: number): Promise<ClassifierJudge> {
  const lora = { layout, alpha: recipe.alpha };
  const encoder = await createSession(classifierTextGraph(model, texts, lora), model.session);
  const shape = { batchSize, classes: texts.classes };
  const session = await createSession(classifierImageGraph(model, shape, lora), model.session);
  await encoder.hold(feeds);
  const side = model.config.vision.imageSize;
  return {
    judge: async (classifiers, pictures) => {
      const adapted = classifiers.map((row) => ({ parameters: float32(row, [1, layout.parameterCount]) }));
      const features: HostTensor[] = [];
      for (const own of adapted) features.push((await encoder.run(own)).textFeatures!);
      const answers = classifiers.map((): Float32Array[] => []);
      for await (const { pixels, count } of pixelBatches(pictures, batchSize, side)) {
        for (const [index, own] of adapted.entries()) {
          const { logits } = await session.run({ ...own, textFeatures: features[index]!, pixels });
          answers[index]!.push(...firstRows(logits!.data as Float32Array, count, texts.classes).map(softmax));
        }
      }
      return answers;
    },
    release: async () => {
      await encoder.release();
      await session.release();
    },
  };
}
