/** One reference case: its arrays, its tolerances, and the record of what was compared. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { diffusersPrefixes } from "../../daemon/adapters/module-names.ts";
import { readSafetensorsHeader, readTensors, toFloat32 } from "../../daemon/checkpoint/safetensors.ts";
import { type HostTensor, int64 } from "../../daemon/engine/graph/tensor.ts";
import { relativeError } from "../support/reference.ts";

type LoraHyperparameters = {
  readonly r: number;
  readonly lora_alpha: number;
  readonly target_modules: readonly string[];
};

export type CaseFile = {
  readonly case: string;
  readonly prediction_type: "epsilon" | "v_prediction";
  readonly unet_lora: LoraHyperparameters;
  readonly joint_lora: Readonly<Record<"unet" | "text_encoder", LoraHyperparameters>>;
  readonly train: {
    readonly steps: number;
    readonly lr: number;
    readonly betas: readonly [number, number];
    readonly eps: number;
    readonly weight_decay: number;
    readonly max_grad_norm: Readonly<Record<string, number>>;
    readonly warmup_steps: number;
  };
  readonly fuse: Readonly<Record<string, readonly number[]>>;
  readonly sample_prompt: string;
  readonly negative_prompt: string;
  readonly sampling: readonly { readonly scheduler: string; readonly steps: number; readonly guidance_scale: number }[];
  readonly schedule_steps: readonly number[];
  readonly inputs: readonly string[];
  readonly tolerances: Readonly<Record<string, { readonly tolerance: number }>>;
};

export type ReferenceArray = { readonly shape: readonly number[]; readonly data: Float32Array };

export type Comparison = { readonly array: string; readonly error: number; readonly tolerance: number };

export type ReferenceCase = {
  readonly folder: string;
  readonly file: CaseFile;
  readonly names: readonly string[];
  readonly array: (name: string) => ReferenceArray;
  /** Integers as an i64 tensor. */
  readonly ids: (name: string) => HostTensor;
  /** Compare with the expected array of that name, by the tolerance of its group. */
  readonly compare: (name: string, found: ArrayLike<number>) => void;
  /** Compare a group of arrays as one; `start` is subtracted from the reference's norm. */
  readonly compareGroup: (prefix: string, found: ReadonlyMap<string, Float32Array>, startPrefix?: string) => void;
  readonly comparisons: Comparison[];
  /** Arrays that were compared. */
  readonly compared: Set<string>;
};

/** Read a case's folder. */
export async function readCase(folder: string): Promise<ReferenceCase> {
  const file = JSON.parse(readFileSync(join(folder, "case.json"), "utf8")) as CaseFile;
  const header = await readSafetensorsHeader(join(folder, "io.safetensors"));
  const names = [...header.tensors.keys()].sort();
  const tensors = await readTensors(header, names);
  const array = (name: string): ReferenceArray => {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new Error(`${folder} has no array ${name}`);
    const data = tensor.dtype === "I64" ? Float32Array.from(tensor.data as BigInt64Array, Number) : toFloat32(tensor);
    return { shape: tensor.shape, data };
  };
  const comparisons: Comparison[] = [];
  const compared = new Set<string>();
  const note = (name: string, error: number) => {
    const group = Object.keys(file.tolerances)
      .filter((prefix) => name === prefix || name.startsWith(`${prefix}.`) || groupAlias(name).startsWith(prefix))
      .sort((left, right) => right.length - left.length)[0];
    if (group === undefined) throw new Error(`no tolerance for ${name}`);
    comparisons.push({ array: name, error, tolerance: file.tolerances[group]!.tolerance });
  };
  return {
    folder,
    file,
    names,
    array,
    ids: (name) => int64([...array(name).data], array(name).shape),
    compare: (name, found) => {
      compared.add(name);
      note(name, relativeError(found, array(name).data));
    },
    compareGroup: (prefix, found, startPrefix) => {
      const expected = names.filter((name) =>
        networkPrefixes.some((network) => name.startsWith(`${prefix}.${network}`)),
      );
      if (expected.length !== found.size)
        throw new Error(`${prefix}: ${found.size} arrays instead of ${expected.length}`);
      for (const name of expected) compared.add(name);
      const key = (name: string) => name.slice(prefix.length + 1);
      const start = (name: string) =>
        startPrefix === undefined ? undefined : array(`${startPrefix}.${key(name)}`).data;
      note(
        prefix,
        groupError(
          expected.map((name) => ({ x: found.get(key(name))!, reference: array(name).data, start: start(name) })),
          startPrefix !== undefined,
        ),
      );
    },
    comparisons,
    compared,
  };
}

/** The networks whose parameters are grouped. */
const networkPrefixes = Object.values(diffusersPrefixes);

type Pair = { readonly x: Float32Array; readonly reference: Float32Array; readonly start: Float32Array | undefined };

/** Gradients: the largest of the arrays' errors. Parameters: all together, against the way they went. */
function groupError(pairs: readonly Pair[], together: boolean): number {
  if (!together) return Math.max(...pairs.map(({ x, reference }) => relativeError(x, reference)));
  const join = (parts: readonly number[][]) => parts.flat();
  const moved = join(
    pairs.map(({ reference, start }) => Array.from(reference, (value, index) => value - start![index]!)),
  );
  const found = join(pairs.map(({ x, start }) => Array.from(x, (value, index) => value - start![index]!)));
  return relativeError(found, moved);
}

/** Groups whose arrays have another stem than the group. */
function groupAlias(name: string): string {
  const half = name.startsWith("fp16.") ? "fp16." : "";
  if (/^(fp16\.)?vae\.(rect\.)?(mean|logvar|latents)$/.test(name)) return `${half}vae.encode`;
  if (/^(fp16\.)?vae\.(rect\.)?decoded$/.test(name)) return `${half}vae.decode`;
  if (/^sample\..*\.image$/.test(name)) return "sample.image";
  if (/^fuse\..*\.(latents|image)$/.test(name)) return "fuse.sampling";
  if (/^fuse\..*\.out$/.test(name)) return "fuse.out";
  if (/^fuse\..*\.text$/.test(name)) return "joint.text";
  return name;
}
