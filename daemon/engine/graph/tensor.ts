/** Tensors on the host: what is fed to a graph and what comes back. */
import type { DType, HostArray } from "./dtype.ts";
import { type Shape, shapeError, showShape, sizeOf } from "./shape.ts";

export type HostTensor = { readonly dtype: DType; readonly shape: Shape; readonly data: HostArray };

/** A float32 tensor over `data`, which is not copied. */
export function float32(data: Float32Array, shape: Shape): HostTensor {
  if (data.length !== sizeOf(shape)) {
    throw shapeError("float32", `${data.length} numbers do not fill shape ${showShape(shape)}.`);
  }
  return { dtype: "f32", shape, data };
}

/** An int64 tensor of the given integers. */
export function int64(values: readonly number[], shape: Shape): HostTensor {
  return { dtype: "i64", shape, data: BigInt64Array.from(values, BigInt) };
}

/** Arrays one after the other, as one. */
export function concatenated(parts: readonly Float32Array[]): Float32Array {
  const joined = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}
