/** Prompts from the template; training and sampling use the same words. */

import type { ResolvedConfig } from "../config/resolve.ts";
import { fillTemplate } from "../config/template.ts";

/** The prompt of a class: `a satellite photo of a river`, or `a photo of a cat` without a domain word. */
export function classPrompt(prompt: ResolvedConfig["prompt"], className: string): string {
  return fillTemplate(prompt.template, { className, domain: prompt.domain });
}
