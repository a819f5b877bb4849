/** DataDream (Kim et al., arXiv 2407.10910): one adapter per class, or one for the whole dataset; images are not fused. */
import { type AdapterTask, adapterTask, classExamples, type ImageTask, imageTasks, type PlanContext } from "../plan.ts";
import type { Method } from "./method.ts";

export const dataDreamClass: Method = {
  id: "datadream-class",
  title: "DataDream: one adapter per class, trained on all its photos (arXiv 2407.10910)",
  summary:
    "one low-rank adapter of the base model is trained per class, and each image is sampled with the adapter of its class",
  planAdapters: (context) => context.dataset.classes.map((each) => adapterTask(context, classExamples(context, each))),
  planImages: (context, adapters) => planImages(context, (classIndex) => adapters[classIndex] as AdapterTask),
};

export const dataDreamDataset: Method = {
  id: "datadream-dataset",
  title: "DataDream: one adapter for the photos of all classes (arXiv 2407.10910)",
  summary: "one low-rank adapter of the base model is trained on all photos, and each image is sampled with it",
  planAdapters: (context) => {
    const examples = context.dataset.classes.flatMap((each) => classExamples(context, each));
    return [adapterTask(context, examples)];
  },
  planImages: (context, [adapter]) => planImages(context, () => adapter as AdapterTask),
};

/** Every image of a class with the class's adapter at full weight. */
function planImages(context: PlanContext, adapterOf: (classIndex: number) => AdapterTask): readonly ImageTask[] {
  const { imagesPerClass } = context.config.sampling;
  return context.dataset.classes.flatMap((_, classIndex) => {
    const fusion = [{ adapterId: adapterOf(classIndex).id, weight: 1 }];
    const imageOf = imageTasks(context, classIndex);
    return Array.from({ length: imagesPerClass }, (__, imageIndex) => imageOf(imageIndex, { fusion }));
  });
}
