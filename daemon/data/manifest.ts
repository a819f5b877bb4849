/** `manifest.json`: for each image what made it, and for each file its hash. Pure; the same set gives the same bytes. */
import { compareCodePoints } from "./code-point-order.ts";
import { labelClasses, type SyntheticDataset, sortedImages, syntheticImagePath } from "./synthetic-dataset.ts";

/** SHA-256 by path relative to the dataset's root. */
export type FileHashes = Readonly<Record<string, string>>;

/** The text of the manifest. `otherFiles` are the files of the set besides the images and the manifest itself. */
export function manifestText(dataset: SyntheticDataset, otherFiles: FileHashes): string {
  const { baseModel, method, loftVersion } = dataset;
  const names = new Map(labelClasses(dataset).map(({ folder, name }) => [folder, name]));
  const images = sortedImages(dataset.images).map((image) => ({
    file: syntheticImagePath(image.classFolder, image.number),
    sha256: image.sha256,
    class: names.get(image.classFolder)!,
    seed: image.seed,
    model: baseModel.sha256,
    adapters: image.adapters.map(({ id, weight }) => ({ id, weight })),
    photos: image.sourcePhotos.map(({ path, sha256 }) => ({ path, sha256 })),
  }));
  const hashes = [...Object.entries(otherFiles), ...images.map(({ file, sha256 }) => [file, sha256] as const)];
  hashes.sort(([left], [right]) => compareCodePoints(left, right));
  const head = {
    format: "loft-manifest",
    version: 1,
    loft: loftVersion,
    method,
    baseModel: { name: baseModel.name, sha256: baseModel.sha256, license: baseModel.license },
  };
  const adapters = Object.entries(dataset.adapterPhotos).map(
    ([id, photos]) => `    ${JSON.stringify(id)}: ${JSON.stringify({ photos })}`,
  );
  return [
    `{\n${Object.entries(head)
      .map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`)
      .join(",\n")},`,
    ...(adapters.length === 0 ? [] : [`  "adapters": {\n${adapters.join(",\n")}\n  },`]),
    `  "images": [\n${images.map((image) => `    ${JSON.stringify(image)}`).join(",\n")}\n  ],`,
    `  "files": {\n${hashes.map(([file, hash]) => `    ${JSON.stringify(file)}: ${JSON.stringify(hash)}`).join(",\n")}\n  }\n}\n`,
  ].join("\n");
}
