/** Element types of tensors, with their width and their names in ONNX. */

export type DType = "f16" | "bf16" | "f32" | "f64" | "i32" | "i64" | "bool";

/** Bytes per element. */
export const dtypeBytes: Readonly<Record<DType, number>> = { f16: 2, bf16: 2, f32: 4, f64: 8, i32: 4, i64: 8, bool: 1 };

/** The numbers ONNX gives them (TensorProto.DataType). */
export const onnxElementTypes: Readonly<Record<DType, number>> = {
  f32: 1,
  i32: 6,
  i64: 7,
  bool: 9,
  f16: 10,
  f64: 11,
  bf16: 16,
};

/** A host array that can hold elements of some dtype (f16 and bf16 as raw 16-bit words). */
export type HostArray = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint16Array | Uint8Array;

/** Host data of `dtype` made from plain numbers. */
export function hostArray(dtype: DType, values: readonly number[]): HostArray {
  switch (dtype) {
    case "f32":
      return Float32Array.from(values);
    case "f64":
      return Float64Array.from(values);
    case "i32":
      return Int32Array.from(values);
    case "i64":
      return BigInt64Array.from(values, BigInt);
    case "bool":
      return Uint8Array.from(values);
    case "f16":
    case "bf16":
      throw new Error(`${dtype} constants are not made from numbers; cast an f32 constant`);
  }
}
