/** Sinusoidal embedding of timesteps (Ho et al. 2020, after Vaswani et al. 2017). */
import { constant, type Value } from "../engine/graph/value.ts";
import { cos, mul, sin } from "../engine/ops/elementwise.ts";
import { concat, reshape } from "../engine/ops/movement.ts";

/**
 * Timesteps [batch] -> [batch, width]: sines and cosines of t * 10000^(-i / (half - freqShift)), i = 0 ... half - 1.
 * @param cosFirst cosines before sines (`flip_sin_to_cos` of diffusers)
 */
export function timestepEmbedding(
  timesteps: Value,
  { width, cosFirst, freqShift }: { readonly width: number; readonly cosFirst: boolean; readonly freqShift: number },
): Value {
  const half = width / 2;
  const frequency = (index: number) => Math.exp((-Math.log(10000) * index) / (half - freqShift));
  const frequencies = constant(
    Float32Array.from({ length: half }, (_, index) => frequency(index)),
    [1, half],
    "f32",
  );
  const angles = mul(reshape(timesteps, [timesteps.shape[0]!, 1]), frequencies);
  return concat(cosFirst ? [cos(angles), sin(angles)] : [sin(angles), cos(angles)], 1);
}
