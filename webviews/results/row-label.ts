/** What a row of the table is called where it stands alone. Pure. */
import type { ResultRow } from "../../schemas/results.ts";
import { texts } from "./texts.ts";

/** "LoFT + real, 4 shots, 16 images per class": no two rows of a file are called the same, as far as the file can tell. */
export function rowLabel({
  title,
  shots,
  imagesPerClass,
}: Pick<ResultRow, "title" | "shots" | "imagesPerClass">): string {
  return [
    title,
    ...(shots === null ? [] : [texts.shots(shots)]),
    ...(imagesPerClass === null ? [] : [texts.images(imagesPerClass)]),
  ].join(", ");
}
