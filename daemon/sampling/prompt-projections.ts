/**
 * Linear layers that see nothing but the prompt: keys and values of cross attention. A network asks its weights for
 * them, so that weights which answer otherwise can note them down, or put inputs in their place.
 */
import { input, type Value } from "../engine/graph/value.ts";
import type { Weights } from "../nn/weights.ts";

/** Weights that note down what each linear layer makes of `prompts`; read the notes after the network is built. */
export function recordedProjections(
  weights: Weights,
  prompts: Value,
): { readonly weights: Weights; readonly projections: ReadonlyMap<string, Value> } {
  const projections = new Map<string, Value>();
  const linear: Weights["linear"] = (name, x) => {
    const y = weights.linear(name, x);
    if (x === prompts) projections.set(inputName(name), y);
    return y;
  };
  return { weights: { ...weights, linear }, projections };
}

/** Weights with an input in the place of each linear layer of `prompts`, named as the projections are. */
export function givenProjections(weights: Weights, prompts: Value): Weights {
  const linear: Weights["linear"] = (name, x) => {
    const y = weights.linear(name, x);
    return x === prompts ? input(inputName(name), y.shape) : y;
  };
  return { ...weights, linear };
}

function inputName(layer: string): string {
  return `prompt.${layer}`;
}
