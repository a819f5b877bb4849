/** The parameters of a small residual network: which there are, where they lie in a packed row, and how they begin. */
import type { Rng } from "../base/random.ts";
import type { Value } from "../engine/graph/value.ts";
import { reshape, slice } from "../engine/ops/movement.ts";

export type ResnetConfig = {
  readonly classes: number;
  /** Pixels along each side of a picture. */
  readonly side: number;
  /** Channels of each stage; each stage after the first halves the side. */
  readonly channels: readonly number[];
};

/** A tensor of one network: its name, shape and the standard deviation or the value it begins with. */
export type ResnetTensor = {
  readonly name: string;
  readonly shape: readonly number[];
  readonly start: { readonly deviation: number } | { readonly value: number };
};

export type ResnetLayout = {
  readonly config: ResnetConfig;
  readonly tensors: readonly ResnetTensor[];
  /** Numbers in one packed row. */
  readonly parameterCount: number;
};

/** Four stages of one block each, ten layers with weights in all: made for tens to thousands of small pictures. */
export const resnetChannels: readonly number[] = [16, 32, 64, 128];

/** The first stage sees pictures of at most this side: the convolutions in front of it halve larger ones. */
const mostStageSide = 32;

/** Convolutions of stride 2 in front of the first stage, at least one (ResNet-C of He et al. 2019 begins like this). */
export function stemCount({ side }: Pick<ResnetConfig, "side">): number {
  return Math.max(1, Math.ceil(Math.log2(side / mostStageSide)));
}

/** What a stage's block takes in and gives out. */
export function resnetStages({ channels }: Pick<ResnetConfig, "channels">) {
  return channels.map((out, index) => ({ name: `stages.${index}`, in: channels[index - 1] ?? channels[0]!, out }));
}

/** The packed layout of networks of one config. */
export function resnetLayout(config: ResnetConfig): ResnetLayout {
  const [first] = config.channels as [number];
  const stem = Array.from({ length: stemCount(config) }, (_, index) =>
    convolution(`stem.${index}`, { in: index === 0 ? 3 : first, out: first, kernel: 3 }),
  );
  const stages = resnetStages(config).map((stage) => [
    ...convolution(`${stage.name}.conv1`, { ...stage, kernel: 3 }),
    ...convolution(`${stage.name}.conv2`, { in: stage.out, out: stage.out, kernel: 3 }),
    ...(stage.in === stage.out ? [] : convolution(`${stage.name}.shortcut`, { ...stage, kernel: 1 })),
  ]);
  const width = config.channels.at(-1)!;
  const head: readonly ResnetTensor[] = [
    { name: "head.weight", shape: [config.classes, width], start: { deviation: Math.sqrt(1 / width) } },
    { name: "head.bias", shape: [config.classes], start: { value: 0 } },
  ];
  const tensors = [...stem.flat(), ...stages.flat(), ...head];
  return { config, tensors, parameterCount: tensors.reduce((sum, { shape }) => sum + sizeOf(shape), 0) };
}

/** Kernels begin as He et al. 2015 (eq. 10) have it; the normalization behind them begins by changing nothing. */
function convolution(
  name: string,
  { in: inner, out, kernel }: { readonly in: number; readonly out: number; readonly kernel: number },
): readonly ResnetTensor[] {
  const deviation = Math.sqrt(2 / (inner * kernel * kernel));
  return [
    { name: `${name}.weight`, shape: [out, inner, kernel, kernel], start: { deviation } },
    { name: `${name}.norm.weight`, shape: [out], start: { value: 1 } },
    { name: `${name}.norm.bias`, shape: [out], start: { value: 0 } },
  ];
}

/** Cut packed parameters [rows, parameterCount] into the tensors, each [rows, ...], in the layout's order. */
export function unpackResnet({ tensors }: ResnetLayout, packed: Value): readonly Value[] {
  const rows = packed.shape[0]!;
  let offset = 0;
  return tensors.map(({ shape }) => {
    const start = offset;
    offset += sizeOf(shape);
    return reshape(slice(packed, 1, start, offset), [rows, ...shape]);
  });
}

/** A fresh network as a packed row. */
export function initialResnet({ tensors, parameterCount }: ResnetLayout, rng: Rng): Float32Array {
  const packed = new Float32Array(parameterCount);
  let offset = 0;
  for (const { shape, start } of tensors) {
    const size = sizeOf(shape);
    for (let index = 0; index < size; index += 1) {
      packed[offset + index] = "value" in start ? start.value : start.deviation * rng.normal();
    }
    offset += size;
  }
  return packed;
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
