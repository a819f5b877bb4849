/** How much of a plan a run folder already holds. */
import type { Plan } from "../pipeline/plan.ts";
import { isImageDone, readFinishedImages } from "./finished-images.ts";
import { isAdapterDone } from "./run-folder.ts";

/** Count the tasks of `plan` that are done; a folder that does not exist holds none. */
export async function countFinishedTasks(
  root: string,
  { adapters, images }: Pick<Plan, "adapters" | "images">,
): Promise<{ readonly adapters: number; readonly images: number }> {
  const finished = await readFinishedImages(root);
  // One after the other: a run has more files than a process may open at once.
  let adapterCount = 0;
  for (const { classFolder, id } of adapters) if (await isAdapterDone(root, classFolder, id)) adapterCount += 1;
  let imageCount = 0;
  for (const { id } of images) if (await isImageDone(root, finished, id)) imageCount += 1;
  return { adapters: adapterCount, images: imageCount };
}
