/** The list of methods, and the plan that one of them makes. */
import { counted } from "../../base/counted.ts";
import { loftError } from "../../base/errors.ts";
import type { ResolvedConfig } from "../../config/resolve.ts";
import type { AdapterTask, Plan, PlanContext } from "../plan.ts";
import { dataDreamClass, dataDreamDataset } from "./datadream.ts";
import { loft } from "./loft.ts";
import type { Method } from "./method.ts";
import { captionPrompt, classPromptMethod } from "./prompted.ts";

/** All methods by id; the schema's enum has the same ids. */
export const methods: Readonly<Record<ResolvedConfig["method"], Method>> = {
  loft,
  "datadream-class": dataDreamClass,
  "datadream-dataset": dataDreamDataset,
  "class-prompt": classPromptMethod,
  "caption-prompt": captionPrompt,
};

/** Images of a run: each is some hundred bytes of the plan, of the journal and of what the dataset says of it. */
export const mostImages = 2_000_000;

/**
 * The plan of a run: the same context gives the same plan on every machine.
 * @throws LoftError "config-invalid" when there would be more than `mostImages` images
 */
export function planRun(context: PlanContext): Plan {
  requireFewerImages(context);
  const method = methods[context.config.method];
  const adapters = method.planAdapters(context);
  const images = method.planImages(context, adapters);
  return { adapters, images, warnings: [...context.dataset.warnings, ...warmupWarnings(context, adapters)] };
}

function requireFewerImages({ config, dataset }: PlanContext): void {
  const { imagesPerClass } = config.sampling;
  const classes = dataset.classes.length;
  if (classes * imagesPerClass <= mostImages) return;
  throw loftError("config-invalid", {
    what: `${counted(classes, "class")} with ${counted(imagesPerClass, "image")} each are more than the ${counted(mostImages, "image")} that one run can hold.`,
    fix: `Set sampling.imagesPerClass to at most ${Math.floor(mostImages / classes)}, or make several runs with another seed each.`,
  });
}

/** Epochs become steps only with the photos: a warm-up may turn out to be longer than the training. */
function warmupWarnings({ config }: PlanContext, adapters: readonly AdapterTask[]): Plan["warnings"] {
  if (config.training.epochs === null) return [];
  const short = adapters.find(({ parameters }) => parameters.steps <= parameters.warmupSteps);
  if (short === undefined) return [];
  const { steps, warmupSteps } = short.parameters;
  const what = `The warm-up of ${counted(warmupSteps, "step")} lasts as long as the training of ${counted(steps, "step")} of the adapter for ${short.className}: the learning rate never reaches its value.`;
  return [{ code: "warmup-too-long", what, fix: `Set training.warmupSteps below ${steps}, or train longer.` }];
}
