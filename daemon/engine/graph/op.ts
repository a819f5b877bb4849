/** The contract of an operation: shape rule, ONNX lowering and gradient in one object. */
import { loftError } from "../../base/errors.ts";
import type { DType, HostArray } from "./dtype.ts";
import type { Shape } from "./shape.ts";
import type { Value } from "./value.ts";

export type Attributes = { readonly [name: string]: number | string | boolean | readonly number[] };

export type TensorType = { readonly shape: Shape; readonly dtype: DType };

/** What a lowering may call: it appends ONNX nodes and returns the names of their outputs. */
export type Emitter = {
  /** Append a node with one output; the type of a node that ONNX does not have itself is `DOMAIN:TYPE`. */
  readonly emit: (opType: string, inputs: readonly string[], attributes?: Attributes) => string;
  /** Append a node with several outputs. */
  readonly emitMany: (opType: string, inputs: readonly string[], outputs: number, attributes?: Attributes) => string[];
  /**
   * A value in another shape. Of several reshapes in a row only the last is made, and none where it leads back.
   * @param from the shape it has
   */
  readonly reshape: (name: string, from: Shape, to: Shape) => string;
  /** An initializer with the given data. */
  readonly constant: (data: HostArray, shape: Shape, dtype: DType) => string;
  /** A one-dimensional i64 initializer: axes, shapes, bounds. */
  readonly integers: (values: readonly number[]) => string;
  /**
   * A stored 16-bit weight as the type of arithmetic; others as they are. In large models the wide copy is made only
   * once `after`, an activation, is there: it then lives as long as its one use, not as long as the run.
   */
  readonly widened: (name: string, weight: Value, after: string) => string;
  /** A rank-0 initializer. */
  readonly scalar: (value: number, dtype: DType) => string;
  /** The device has ONNX Runtime's own attention (com.microsoft:MultiHeadAttention), in blocks. */
  readonly hasOwnAttention: boolean;
};

export type LowerContext<A extends Attributes> = {
  readonly onnx: Emitter;
  /** Names of the inputs. */
  readonly names: readonly string[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: A;
};

export type VjpContext<A extends Attributes> = {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** Cotangent of the first output; of the others none ever comes. */
  readonly cotangent: Value;
  readonly attributes: A;
  /** Which inputs a gradient is wanted for. */
  readonly needs: readonly boolean[];
};

/** Methods, not properties: an `Op<Specific>` is then also an `Op`. */
export type Op<A extends Attributes = Attributes> = {
  readonly name: string;
  /** Shapes and dtypes of the outputs; throws LoftError "shape-mismatch" when the inputs do not fit. */
  inferTypes(inputs: readonly Value[], attributes: A): readonly TensorType[];
  /** ONNX nodes that compute the outputs; returns their names. */
  lower(context: LowerContext<A>): readonly string[];
  /** Cotangents of the inputs, made of operations; undefined where none flows or none is needed. */
  vjp(context: VjpContext<A>): readonly (Value | undefined)[];
};

/** What a vjp throws for an input that has no gradient. */
export function gradientMissing(op: string) {
  return loftError("gradient-missing", {
    what: `${op}: no gradient is defined for an input that a trained value reaches.`,
    fix: "This is a bug of LoFT: please report it with the model and the target modules you use.",
  });
}
