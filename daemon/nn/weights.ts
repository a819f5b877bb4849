/** A network's stored weights, asked for by name; adapters come in here, so that networks need not know of them. */
import { loftError } from "../base/errors.ts";
import type { SafetensorsDtype } from "../checkpoint/safetensors-header.ts";
import type { WeightFiles } from "../checkpoint/weight-files.ts";
import type { DType } from "../engine/graph/dtype.ts";
import { type Value, weight } from "../engine/graph/value.ts";
import { conv2d, type Padding } from "../engine/ops/convolution.ts";
import { cast } from "../engine/ops/indexing.ts";
import { linear } from "../engine/ops/matmul.ts";

/** Layers and tensors of one network; names are those of the checkpoint. */
export type Weights = {
  readonly has: (name: string) => boolean;
  /** A stored tensor as f32. */
  readonly tensor: (name: string) => Value;
  /** A stored tensor in the type it is stored in: for operations that widen it themselves. */
  readonly stored: (name: string) => Value;
  /** The linear layer `name` applied to x [..., in] -> [..., out], with its bias where one is stored. */
  readonly linear: (name: string, x: Value) => Value;
  /** What `linear` gives, cut into `count` equal parts along the last axis; the whole is never there. */
  readonly linearParts: (name: string, x: Value, count: number) => readonly Value[];
  /** The convolution `name`, with its bias, applied to x [batch, in, height, width] -> [batch, out, ...]. */
  readonly conv2d: (name: string, x: Value, options: ConvolutionOptions) => Value;
};

/** `padding`: top, left, bottom, right. */
export type ConvolutionOptions = { readonly stride: number; readonly padding: Padding };

const graphTypes: Partial<Record<SafetensorsDtype, DType>> = { F16: "f16", BF16: "bf16", F32: "f32" };

/** The weights of a checkpoint. They stay in their files, whatever the element type; arithmetic is f32. */
export function fileWeights(file: WeightFiles): Weights {
  const known = new Map<string, Value>();
  const stored = (name: string): Value => {
    const value = known.get(name) ?? storedTensor(file, name);
    known.set(name, value);
    return value;
  };
  const tensor = (name: string) => cast(stored(name), "f32");
  const has = (name: string) => file.tensors.has(name);
  return {
    has,
    tensor,
    stored,
    linear: (name, x) => linear(x, stored(`${name}.weight`), has(`${name}.bias`) ? tensor(`${name}.bias`) : undefined),
    linearParts: (name, x, count) =>
      Array.from({ length: count }, (_, index) => {
        const part = (tensorName: string) => partOf(stored(tensorName), index, count);
        return linear(x, part(`${name}.weight`), has(`${name}.bias`) ? cast(part(`${name}.bias`), "f32") : undefined);
      }),
    conv2d: (name, x, options) => conv2d(x, stored(`${name}.weight`), tensor(`${name}.bias`), options),
  };
}

/** The part of a network below `prefix`. */
export function within(weights: Weights, prefix: string): Weights {
  return {
    has: (name) => weights.has(`${prefix}.${name}`),
    tensor: (name) => weights.tensor(`${prefix}.${name}`),
    stored: (name) => weights.stored(`${prefix}.${name}`),
    linear: (name, x) => weights.linear(`${prefix}.${name}`, x),
    linearParts: (name, x, count) => weights.linearParts(`${prefix}.${name}`, x, count),
    conv2d: (name, x, options) => weights.conv2d(`${prefix}.${name}`, x, options),
  };
}

/** Part `index` of `count` of a stored tensor, cut along its first axis: the same file, other bytes. */
function partOf({ node, shape: [length, ...rest], dtype }: Value, index: number, count: number): Value {
  if (node.kind !== "weight") throw new Error("only stored tensors lie in a file");
  const byteLength = node.byteLength / count;
  const type = { shape: [length! / count, ...rest], dtype };
  return weight({ ...node, offset: node.offset + index * byteLength, byteLength, type });
}

function storedTensor(file: WeightFiles, name: string): Value {
  const entry = file.tensors.get(name);
  if (entry === undefined) {
    throw loftError("tensor-missing", {
      what: `${file.path} has no tensor ${name}.`,
      fix: "The file does not belong to the config beside it: copy the model folder again from its source.",
    });
  }
  const dtype = graphTypes[entry.dtype];
  if (dtype === undefined) {
    throw loftError("model-config-unsupported", {
      what: `${name} in ${file.path} is stored as ${entry.dtype}; supported are F32, F16 and BF16.`,
      fix: "Convert the model's weights to float32, float16 or bfloat16 safetensors.",
    });
  }
  const { offset, byteLength, shape } = entry;
  return weight({ name, file: entry.file, offset, byteLength, type: { shape, dtype } });
}
