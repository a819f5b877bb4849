/** How much there is to compute in a step and in an image of a plan, from their graphs: nothing is loaded or measured. */
import type { DiffusionModel } from "../diffusion/diffusion-model.ts";
import { multiplications } from "../engine/graph/work.ts";
import { unetEvaluations } from "../pipeline/plan.ts";
import { guidedPrediction } from "../sampling/guidance.ts";
import { adapterTrainingGraph } from "../training/adapter-graph.ts";
import { imageLayouts } from "./image-fusion.ts";
import { graphOptions, type PlannedWork, pictureDecoding } from "./memory-forecast.ts";

/** In forward passes of the U-Net for one row; 0 where the plan has none of them. */
export type PlannedUnits = { readonly adapterStep: number; readonly image: number };

/**
 * A training step takes longer than its multiplications tell, since more of it is done element by element: by this
 * factor with loft-mini and with Stable Diffusion's size.
 */
const trainingOverhead = 1.2;

/** What a step and an image of the plan's first tasks take; their decoding is counted, their encoding is not. */
export function plannedUnits(work: PlannedWork): PlannedUnits {
  const { plan, model } = work;
  const [adapter] = plan.adapters;
  const [image] = plan.images;
  const resolution = (image ?? adapter)?.parameters.resolution;
  if (resolution === undefined) return { adapterStep: 0, image: 0 };
  const forward = forwardWork(work, model.diffusion, resolution);
  const step = adapter && trainingWork(model.diffusion, graphOptions(model.diffusion, adapter, 1, resolution));
  return {
    adapterStep: step === undefined ? 0 : (trainingOverhead * step) / forward,
    image: image ? unetEvaluations(image.parameters) + decodingWork(model.diffusion, resolution) / forward : 0,
  };
}

/** Adapter-steps that an image is worth in time: what progress goes by before the first image is made. */
export function adapterStepsPerImage(work: PlannedWork): number | undefined {
  const { adapterStep, image } = plannedUnits(work);
  return adapterStep === 0 ? undefined : image / adapterStep;
}

function forwardWork(work: PlannedWork, model: DiffusionModel, resolution: number): number {
  const { unet: layout } = imageLayouts(work);
  return multiplications([guidedPrediction(model, { rows: 1, resolution, guided: false, layout })]);
}

function trainingWork(model: DiffusionModel, options: Parameters<typeof adapterTrainingGraph>[1]): number {
  return multiplications(Object.values(adapterTrainingGraph(model, options)));
}

/** Tiles overlap a little; that is not counted. */
function decodingWork(model: DiffusionModel, resolution: number): number {
  const { value, side } = pictureDecoding(model, resolution);
  return multiplications([value]) * (resolution / side) ** 2;
}
