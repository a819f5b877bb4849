/** The base model alone, prompted: ClassPrompt and CaptionPrompt, the paper's baselines without adapters. */

import { imageTasks } from "../plan.ts";
import { captionPrompts } from "../prompts.ts";
import type { Method } from "./method.ts";

export const classPromptMethod: Method = {
  id: "class-prompt",
  title: "ClassPrompt: the base model, prompted with the class name",
  summary: "each image is sampled with the base model, prompted with the name of its class",
  planAdapters: () => [],
  planImages: (context) => {
    const { imagesPerClass } = context.config.sampling;
    return context.dataset.classes.flatMap((_, classIndex) => {
      const imageOf = imageTasks(context, classIndex);
      return Array.from({ length: imagesPerClass }, (__, imageIndex) => imageOf(imageIndex, { fusion: [] }));
    });
  },
};

export const captionPrompt: Method = {
  id: "caption-prompt",
  title: "CaptionPrompt: the base model, prompted with captions of each class",
  summary: "each image is sampled with the base model, prompted with a caption of its class",
  planAdapters: () => [],
  planImages: (context) => {
    const imageCount = context.config.sampling.imagesPerClass;
    return context.dataset.classes.flatMap(({ className }, classIndex) => {
      const captions = context.captions?.get(className);
      // Whoever plans reads the captions first and tells what is missing.
      if (captions === undefined) throw new Error(`no captions for ${className}`);
      const prompts = captionPrompts(context.config, className, { captions, imageCount });
      const imageOf = imageTasks(context, classIndex);
      return prompts.map((prompt, imageIndex) => imageOf(imageIndex, { fusion: [], prompt }));
    });
  },
};
