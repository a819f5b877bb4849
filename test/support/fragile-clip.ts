/** A CLIP that answers untrained, and whose numbers become NaN in the second step of its training. */
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { readSafetensorsHeader, readTensors, writeSafetensors } from "../../daemon/checkpoint/safetensors.ts";
import { tinyClipFolder } from "./tiny-evaluation.ts";

/** Its logits are cosines times e^80: still a number, and its gradient's square is none. */
const logitScale = 80;

/** Write it into a new folder. */
export async function writeFragileClip(folder: string): Promise<void> {
  await cp(tinyClipFolder, folder, { recursive: true });
  const file = join(folder, "model.safetensors");
  const tensors = new Map(await readTensors(await readSafetensorsHeader(file)));
  tensors.set("logit_scale", { ...tensors.get("logit_scale")!, data: Float32Array.of(logitScale) });
  await writeSafetensors(file, tensors);
}
