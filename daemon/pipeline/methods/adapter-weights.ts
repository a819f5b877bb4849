/** The weights of the adapters fused for one image. */
import type { Rng } from "../../base/random.ts";

/**
 * The first `size` of fixed weights. Where a class has too few adapters for all of them,
 * those left are scaled to sum to 1; equal weights where they sum to nothing.
 */
export function fixedWeights(values: readonly number[], size: number): readonly number[] {
  if (size === values.length) return values;
  const left = values.slice(0, size);
  const sum = left.reduce((total, value) => total + value, 0);
  return left.map((value) => (0 < sum ? value / sum : 1 / size));
}

/**
 * Weights drawn from the symmetric Dirichlet distribution: independent gamma(alpha) numbers divided by their sum;
 * alpha 1 is uniform on the simplex. Cut to six decimals, so that a manifest can be read and the last bit of a
 * machine's logarithm decides nothing; the last weight is what remains to 1.
 */
export function dirichletWeights(size: number, alpha: number, rng: Rng): readonly number[] {
  // Logarithms, because for small alpha the numbers themselves are all too small for a float64.
  const logs = Array.from({ length: size }, () => logGamma(alpha, rng));
  const largest = Math.max(...logs);
  const parts = logs.map((log) => Math.exp(log - largest));
  const sum = parts.reduce((total, part) => total + part, 0);
  const millionths = parts.slice(0, -1).map((part) => Math.floor((part / sum) * 1e6));
  const last = 1e6 - millionths.reduce((total, part) => total + part, 0);
  return [...millionths, last].map((part) => part / 1e6);
}

/**
 * The logarithm of a gamma(alpha, 1) number (Marsaglia and Tsang 2000, "A simple method for generating gamma
 * variables"); for alpha below 1 it is gamma(alpha + 1) times a uniform number to the power 1 / alpha (their section 6).
 */
function logGamma(alpha: number, rng: Rng): number {
  if (alpha < 1) return logGamma(alpha + 1, rng) + Math.log(1 - rng.uniform()) / alpha;
  const d = alpha - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const normal = rng.normal();
    const root = 1 + c * normal;
    const uniform = 1 - rng.uniform();
    if (root <= 0) continue;
    const logCube = 3 * Math.log(root);
    if (Math.log(uniform) < (normal * normal) / 2 + d - d * root ** 3 + d * logCube) return Math.log(d) + logCube;
  }
}
