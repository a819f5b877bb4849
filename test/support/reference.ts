/** The pinned reference cases: where they lie and how their arrays are read. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { readSafetensorsHeader, readTensors, toFloat32 } from "../../daemon/checkpoint/safetensors.ts";

/** Root of the pinned cases. */
export const referenceRoot = join(dirname(fileURLToPath(import.meta.url)), "..", "fixtures", "reference");

/** A path inside the reference cases. */
export function referencePath(...parts: string[]): string {
  return join(referenceRoot, ...parts);
}

/** A JSON file of the reference cases. */
export function referenceJson<T = unknown>(...parts: string[]): T {
  return JSON.parse(readFileSync(referencePath(...parts), "utf8")) as T;
}

/** One array of a case's io.safetensors as plain numbers (int64 included) with its shape. */
export async function referenceArray(
  caseName: string,
  name: string,
): Promise<{ readonly shape: readonly number[]; readonly data: Float32Array }> {
  const file = await readSafetensorsHeader(referencePath(caseName, "io.safetensors"));
  const tensor = (await readTensors(file, [name])).get(name)!;
  const data = tensor.dtype === "I64" ? Float32Array.from(tensor.data as BigInt64Array, Number) : toFloat32(tensor);
  return { shape: tensor.shape, data };
}

/** |x - reference| / |reference|, euclidean norms over the whole array; the absolute norm when the reference is 0. */
export function relativeError(found: ArrayLike<number>, wanted: ArrayLike<number>): number {
  if (found.length !== wanted.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let size = 0;
  for (let index = 0; index < wanted.length; index += 1) {
    difference += (found[index]! - wanted[index]!) ** 2;
    size += wanted[index]! ** 2;
  }
  return Math.sqrt(difference) / (size === 0 ? 1 : Math.sqrt(size));
}
