/** Prompts from the template, for training and sampling alike, and from captions. */
import { randomStream, shuffled } from "../base/random.ts";
import type { ResolvedConfig } from "../config/resolve.ts";
import { fillTemplate } from "../config/template.ts";

/** The prompt of a class: `a satellite photo of a river`, or `a photo of a cat` without a domain word. */
export function classPrompt(prompt: ResolvedConfig["prompt"], className: string): string {
  return fillTemplate(prompt.template, { className, domain: prompt.domain });
}

/**
 * The prompts of `imageCount` images of a class: all captions in random order, then all again in another order. A
 * longer answer begins with the shorter one.
 * @param captions at least one
 */
export function captionPrompts(
  { prompt, seed }: Pick<ResolvedConfig, "prompt" | "seed">,
  className: string,
  { captions, imageCount }: { readonly captions: readonly string[]; readonly imageCount: number },
): readonly string[] {
  const filled = captions.map((caption) => fillTemplate(caption, { className, domain: prompt.domain }));
  const rounds = Array.from({ length: Math.ceil(imageCount / filled.length) }, (_, round) =>
    shuffled(filled, randomStream(seed, "captions", className, round)),
  );
  return rounds.flat().slice(0, imageCount);
}
