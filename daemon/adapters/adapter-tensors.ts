/** A pair's matrices as tensors of a file. Pure. */
import { float32ToFloat16 } from "../checkpoint/float16.ts";
import type { CheckpointTensor } from "../checkpoint/safetensors.ts";
import type { AdapterModule } from "./adapter-weights.ts";

/** Element types of adapter files; F32 keeps every bit. */
export type AdapterDtype = "F32" | "F16";

/** A as [rank, in] and B as [out, rank], with two more axes of 1 for a 1x1 convolution. */
export function storedPair(
  { a, b, rank, inFeatures, outFeatures, pointwise }: AdapterModule,
  dtype: AdapterDtype,
): { readonly down: CheckpointTensor; readonly up: CheckpointTensor } {
  const kernel = pointwise === true ? [1, 1] : [];
  return {
    down: stored(dtype, [rank, inFeatures, ...kernel], a),
    up: stored(dtype, [outFeatures, rank, ...kernel], b),
  };
}

function stored(dtype: AdapterDtype, shape: readonly number[], data: Float32Array): CheckpointTensor {
  return { dtype, shape, data: dtype === "F32" ? data : float32ToFloat16(data) };
}
