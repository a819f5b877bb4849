/** Which scheduler an image is sampled with. */
import type { DiffusionModel } from "../diffusion/diffusion-model.ts";
import type { Scheduler } from "../diffusion/schedulers/scheduler.ts";
import { createScheduler } from "../diffusion/schedulers/schedulers.ts";
import type { ImageParameters, ImageTask } from "../pipeline/plan.ts";

/**
 * The scheduler of an image: the model's own, or the one its parameters name.
 * @throws LoftError "model-config-unsupported", "config-invalid" when model, scheduler and steps do not go together
 */
export function schedulerOf(model: DiffusionModel, { scheduler, steps }: ImageParameters): Scheduler {
  return createScheduler(model.scheduler, scheduler === "model" ? undefined : scheduler, steps);
}

/** Throws as `schedulerOf` for any of the images: a refusal should not come after hours of training. */
export function checkSchedulers(model: DiffusionModel, images: readonly ImageTask[]): void {
  const distinct = new Map(images.map(({ parameters }) => [`${parameters.scheduler} ${parameters.steps}`, parameters]));
  for (const parameters of distinct.values()) schedulerOf(model, parameters);
}
