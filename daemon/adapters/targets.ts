/** Which layers of a network an adapter attaches to: target names to module names. Pure. */
import { loftError } from "../base/errors.ts";
import { plainModuleName } from "./module-names.ts";

/** What is known of a checkpoint's tensor: enough to tell a linear layer. */
type Shaped = { readonly shape: readonly number[] };

/** A layer that an adapter attaches to: linear, or a 1x1 convolution, which is a linear layer of each pixel. */
export type TargetModule = { readonly name: string; readonly inFeatures: number; readonly outFeatures: number };

/**
 * The linear layers of a checkpoint that targets select, sorted by name. A target selects the module of that very name
 * and all whose name ends with "." and the target, as in PEFT; so "to_out.0" selects "...attn1.to_out.0".
 * A linear layer is a "NAME.weight" of two axes [outFeatures, inFeatures]; embeddings are none.
 * @throws LoftError "adapter-invalid" when a target selects nothing, or no target is given
 */
export function findTargetModules(
  tensors: ReadonlyMap<string, Shaped>,
  targets: readonly string[],
): readonly TargetModule[] {
  const linear = [...tensors].flatMap(([name, { shape }]) => linearModule(name, shape));
  const isSelected = (target: string) => (module: TargetModule) =>
    module.name === target || module.name.endsWith(`.${target}`);
  const idle = targets.filter((target) => !linear.some(isSelected(target)));
  if (idle.length !== 0 || targets.length === 0) {
    throw loftError("adapter-invalid", {
      what:
        targets.length === 0
          ? "No target modules are given."
          : `The model has no linear layer for the target ${idle.map((target) => `"${target}"`).join(", ")}.`,
      fix: 'Use target modules that the model has, for instance "to_q", "to_k", "to_v", "to_out.0".',
    });
  }
  const selected = linear.filter((module) => targets.some((target) => isSelected(target)(module)));
  return selected.sort((left, right) => (left.name < right.name ? -1 : 1));
}

/**
 * The same in a text encoder, whose modules adapters name without the `text_model.` that only some checkpoints have.
 * @throws LoftError "adapter-invalid" as findTargetModules
 */
export function findTextTargetModules(
  tensors: ReadonlyMap<string, Shaped>,
  targets: readonly string[],
): readonly TargetModule[] {
  return findTargetModules(tensors, targets).map((module) => ({ ...module, name: plainModuleName(module.name) }));
}

/**
 * The layer of that very name, or `text_model.` and it: linear, or a 1x1 convolution, which adapters of other tools
 * attach to. undefined where there is none, or another layer is called so.
 */
export function moduleNamed(tensors: ReadonlyMap<string, Shaped>, name: string): TargetModule | undefined {
  for (const tensorName of [`${name}.weight`, `text_model.${name}.weight`]) {
    const shape = tensors.get(tensorName)?.shape;
    if (shape === undefined) continue;
    const [outFeatures, inFeatures, ...kernel] = shape as readonly [number, number, ...number[]];
    const isPointwise = kernel.length === 2 && kernel.every((size) => size === 1);
    if (isPointwise) return { name, inFeatures, outFeatures };
    return linearModule(tensorName, shape).map((module) => ({ ...module, name }))[0];
  }
  return undefined;
}

/** The names of all layers of a checkpoint that have weights: what adapter files may name. */
export function layerNames(tensors: ReadonlyMap<string, unknown>): readonly string[] {
  return [...tensors.keys()].filter((name) => name.endsWith(".weight")).map((name) => name.slice(0, -".weight".length));
}

function linearModule(tensorName: string, shape: readonly number[]): TargetModule[] {
  const suffix = ".weight";
  const isLinear = tensorName.endsWith(suffix) && shape.length === 2 && !/embedding\.weight$/.test(tensorName);
  if (!isLinear) return [];
  const [outFeatures, inFeatures] = shape as readonly [number, number];
  return [{ name: tensorName.slice(0, -suffix.length), inFeatures, outFeatures }];
}
