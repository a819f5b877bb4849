/** A finished dataset of tiny images in a folder, as a run leaves it, without a run. */
import { sha256 } from "../../daemon/base/hash.ts";
import { encodePng } from "../../daemon/data/image-file.ts";
import type { SyntheticImage } from "../../daemon/data/synthetic-dataset.ts";
import { writeSyntheticFolder, writeSyntheticImage } from "../../daemon/data/synthetic-folder.ts";

/** Class folders and how many images each has: names that need care in every format. */
export const exportedClasses = [
  { name: "zebra, crossing", folder: "zebra_crossing", imageCount: 3 },
  { name: "Ape", folder: "Ape", imageCount: 2 },
  { name: "日本", folder: "日本", imageCount: 1 },
];

/** Write the dataset to `root`. */
export async function writeDatasetFolder(root: string): Promise<void> {
  const images: SyntheticImage[] = [];
  for (const { folder, name, imageCount } of exportedClasses) {
    for (let number = 1; number <= imageCount; number += 1) {
      const rgb = Uint8Array.from({ length: 192 }, (_, index) => (index * number * name.length) % 256);
      const png = await encodePng({ width: 8, height: 8, rgb });
      const { sha256: hash } = await writeSyntheticImage(root, { classFolder: folder, number }, png);
      images.push(imageOf(folder, name, number, hash));
    }
  }
  await writeSyntheticFolder(root, {
    title: "Pets",
    method: "loft",
    summary: "one adapter is trained per photo",
    adapterPhotos: {},
    baseModel: { name: "loft-mini", sha256: sha256("model"), license: "mit" },
    license: "cc-by-sa-4.0",
    command: "loft generate pets.loft.json",
    loftVersion: "0.1.0",
    resolution: 8,
    classes: exportedClasses,
    images,
  });
}

function imageOf(classFolder: string, name: string, number: number, hash: string): SyntheticImage {
  return {
    classFolder,
    number,
    sha256: hash,
    prompt: `a photo of a ${name}, "quoted"\nand broken`,
    negativePrompt: "",
    seed: 2 ** 40 + number,
    steps: 25,
    guidanceScale: 2.5,
    scheduler: "ddim",
    adapters: number === 2 ? [] : [0.25, 0.75].map((weight) => ({ id: sha256(`${weight}`), weight })),
    sourcePhotos: number === 2 ? [] : ["1.jpg", "2.jpg"].map((file) => ({ path: `Ape/${file}`, sha256: sha256(file) })),
  };
}
