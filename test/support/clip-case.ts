/** The reference case of CLIP: its model, its arrays and its tolerances. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readSafetensorsHeader, readTensors, toFloat32 } from "../../daemon/checkpoint/safetensors.ts";
import { type ClipModel, loadClipModel } from "../../daemon/eval/clip-model.ts";
import { referenceRoot, relativeError } from "./reference.ts";
import { cpu } from "./run-graph.ts";

export type ClipCase = {
  readonly folder: string;
  readonly model: ClipModel;
  readonly classes: readonly string[];
  readonly prompts: readonly string[];
  readonly pictures: readonly string[];
  readonly lora: { readonly r: number; readonly lora_alpha: number };
  readonly train: { readonly steps: number; readonly lr: number; readonly weight_decay: number };
  readonly mix: { readonly lam: number };
  readonly names: readonly string[];
  readonly array: (name: string) => { readonly shape: readonly number[]; readonly data: Float32Array };
  /** How many times its tolerance an array is off. */
  readonly excess: (name: string, found: ArrayLike<number>) => number;
  readonly tolerance: (group: string) => number;
};

/** Read the case; `LOFT_REFERENCE_DIR` names another folder of cases. */
export async function readClipCase(): Promise<ClipCase> {
  const folder = join(process.env.LOFT_REFERENCE_DIR ?? referenceRoot, "clip-tiny");
  const file = JSON.parse(readFileSync(join(folder, "case.json"), "utf8"));
  const header = await readSafetensorsHeader(join(folder, "io.safetensors"));
  const tensors = await readTensors(header, [...header.tensors.keys()]);
  const array = (name: string) => {
    const tensor = tensors.get(name)!;
    const data = tensor.dtype === "I64" ? Float32Array.from(tensor.data as BigInt64Array, Number) : toFloat32(tensor);
    return { shape: tensor.shape, data };
  };
  const tolerance = (group: string): number => file.tolerances[group].tolerance;
  const groupOf = (name: string) =>
    Object.keys(file.tolerances)
      .filter((group) => name === group || name.startsWith(`${group}.`))
      .sort((left, right) => right.length - left.length)[0]!;
  return {
    ...file,
    folder,
    model: await loadClipModel(folder, cpu),
    names: [...header.tensors.keys()],
    array,
    tolerance,
    excess: (name, found) => relativeError(found, array(name).data) / tolerance(groupOf(name)),
  };
}
