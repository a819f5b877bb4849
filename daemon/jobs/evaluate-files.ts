/** Where the files of an evaluation lie. Pure. */
import { join } from "node:path";

/** In the folder of an evaluation. */
export const resultsFile = "results.loft-results.json";

/** Beside it: where the pictures lie. */
export const picturesFile = "pictures.json";

/** The folder of the evaluation in a run folder. */
export function evaluationFolder(root: string): string {
  return join(root, "evaluation");
}
