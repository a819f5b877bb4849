/** `metadata.jsonl`: one line per image, as Hugging Face's ImageFolder reads it. Pure. */
import { imageFileName, labelClasses, type SyntheticDataset, sortedImages } from "./synthetic-dataset.ts";

/** The columns besides `file_name`, with their types in Hugging Face's `dataset_info`; a trailing [] is a list. */
export const metadataColumns = [
  ["label", "label"],
  ["label_name", "string"],
  ["prompt", "string"],
  ["negative_prompt", "string"],
  ["seed", "int64"],
  ["steps", "int64"],
  ["guidance_scale", "float64"],
  ["scheduler", "string"],
  ["adapter_ids", "string[]"],
  ["adapter_weights", "float64[]"],
  ["source_photos", "string[]"],
  ["source_photo_sha256", "string[]"],
  ["base_model", "string"],
  ["model_hash", "string"],
  ["sha256", "string"],
  ["synthetic", "bool"],
] as const;

/** The text of the file; lines in the order of the files, ending with a newline. */
export function metadataText(dataset: SyntheticDataset): string {
  const labels = new Map(labelClasses(dataset).map((one) => [one.folder, one]));
  const lines = sortedImages(dataset.images).map((image) => {
    const label = labels.get(image.classFolder)!;
    return JSON.stringify({
      file_name: imageFileName(image.classFolder, image.number),
      label: label.index,
      label_name: label.name,
      prompt: image.prompt,
      negative_prompt: image.negativePrompt,
      seed: image.seed,
      steps: image.steps,
      guidance_scale: image.guidanceScale,
      scheduler: image.scheduler,
      adapter_ids: image.adapters.map(({ id }) => id),
      adapter_weights: image.adapters.map(({ weight }) => weight),
      source_photos: image.sourcePhotos.map(({ path }) => path),
      source_photo_sha256: image.sourcePhotos.map(({ sha256 }) => sha256),
      base_model: dataset.baseModel.name,
      model_hash: dataset.baseModel.sha256,
      sha256: image.sha256,
      synthetic: true,
    });
  });
  return lines.map((line) => `${line}\n`).join("");
}
