/**
 * A small residual network (He et al. 2016) with group normalization (Wu & He 2018) in the place of batch normalization,
 * so that what it says of a picture does not hang on the pictures beside it. Row i of a batch has its own network: the
 * rows lie side by side in the channels, and a convolution in groups gives each its own kernels.
 */
import type { Value } from "../engine/graph/value.ts";
import { relu } from "../engine/ops/activation.ts";
import { conv2d } from "../engine/ops/convolution.ts";
import { add } from "../engine/ops/elementwise.ts";
import { matmul } from "../engine/ops/matmul.ts";
import { reshape, transpose } from "../engine/ops/movement.ts";
import { reduceMean } from "../engine/ops/reduction.ts";
import { normalizedGroups } from "../nn/group-norm.ts";
import { type ResnetLayout, resnetStages, stemCount } from "./resnet-layout.ts";

/** Channels that are normalized together; with 128 channels there are the 32 groups of Wu & He. */
const channelsInGroup = 4;

const epsilon = 1e-5;

/**
 * Pictures [rows * batch, 3, side, side], those of a row one after the other, to logits [rows, batch, classes].
 * @param tensors those of the layout, in its order, each [rows, ...]
 */
export function resnetLogits(layout: ResnetLayout, tensors: readonly Value[], pixels: Value): Value {
  const named = new Map(layout.tensors.map(({ name }, index) => [name, tensors[index]!]));
  const rows = tensors[0]!.shape[0]!;
  const network: Network = { rows, tensor: (name) => named.get(name)! };
  let x = rowsAsChannels(pixels, rows);
  for (let index = 0; index < stemCount(layout.config); index += 1) {
    x = relu(convolution(network, `stem.${index}`, x, { stride: 2, padding: 1 }));
  }
  for (const [index, { name }] of resnetStages(layout.config).entries()) {
    x = basicBlock(network, name, x, index === 0 ? 1 : 2);
  }
  return head(network, x);
}

type Network = { readonly rows: number; readonly tensor: (name: string) => Value };

/** Two convolutions and a way around them (He et al. 2016, figure 2). */
function basicBlock(network: Network, name: string, x: Value, stride: number): Value {
  const inner = relu(convolution(network, `${name}.conv1`, x, { stride, padding: 1 }));
  const residual = convolution(network, `${name}.conv2`, inner, { stride: 1, padding: 1 });
  const isSame = stride === 1 && x.shape[1] === residual.shape[1];
  const shortcut = isSame ? x : convolution(network, `${name}.shortcut`, x, { stride, padding: 0 });
  return relu(add(residual, shortcut));
}

/** A convolution without bias and the normalization behind it, for every row. */
function convolution(
  { rows, tensor }: Network,
  name: string,
  x: Value,
  { stride, padding }: { readonly stride: number; readonly padding: number },
): Value {
  const weight = tensor(`${name}.weight`);
  const [, out, ...kernel] = weight.shape as [number, number, number, number, number];
  const sides = [padding, padding, padding, padding] as const;
  const convolved = conv2d(x, reshape(weight, [rows * out, ...kernel]), undefined, {
    stride,
    padding: sides,
    groups: rows,
  });
  const groups = (rows * out) / channelsInGroup;
  return normalizedGroups(convolved, tensor(`${name}.norm.weight`), tensor(`${name}.norm.bias`), { groups, epsilon });
}

/** The mean over all places, and a linear layer. */
function head({ rows, tensor }: Network, x: Value): Value {
  const [batch, channels] = x.shape as [number, number];
  const pooled = reshape(reduceMean(x, [2, 3]), [batch, rows, channels / rows]);
  const weight = tensor("head.weight");
  const products = matmul(transpose(pooled, [1, 0, 2]), weight, { transposeRight: true });
  return add(products, reshape(tensor("head.bias"), [rows, 1, weight.shape[1]!]));
}

/** [rows * batch, channels, ...] -> [batch, rows * channels, ...] */
function rowsAsChannels(x: Value, rows: number): Value {
  const [count, channels, ...area] = x.shape as [number, number, number, number];
  const batch = count / rows;
  const parts = transpose(reshape(x, [rows, batch, channels, ...area]), [1, 0, 2, 3, 4]);
  return reshape(parts, [batch, rows * channels, ...area]);
}
