/** Seeded random numbers: one independent stream per name, so that values never depend on the order of execution. */
import { createHash } from "node:crypto";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";

/** A stream of random numbers; consuming it changes it. */
export type Rng = {
  /** Uniform in [0, 1). */
  readonly uniform: () => number;
  /** `count` numbers uniform in [0, 1), multiples of 2^-24: a draw each. */
  readonly uniforms: (count: number) => Float32Array;
  /** Uniform integer in [0, bound). */
  readonly integer: (bound: number) => number;
  /** Standard normal (Box-Muller in float64). */
  readonly normal: () => number;
  /** `count` standard normals, rounded to float32. */
  readonly normals: (count: number) => Float32Array;
};

/**
 * The stream named by `parts`, e.g. `randomStream(runSeed, "image", className, imageIndex)`.
 * The same parts give the same numbers on every machine; different parts give unrelated numbers.
 */
export function randomStream(...parts: readonly (string | number)[]): Rng {
  const digest = createHash("sha256").update(JSON.stringify(parts)).digest();
  const generator = xoroshiro128plusFromState([0, 4, 8, 12].map((offset) => digest.readInt32LE(offset)));
  const uniform = () => uniformFloat64(generator);
  let spare: number | undefined;
  const normal = () => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
  return {
    uniform,
    uniforms: (count) => {
      const numbers = new Float32Array(count);
      for (let index = 0; index < count; index += 1) numbers[index] = (generator.next() >>> 8) / 2 ** 24;
      return numbers;
    },
    integer: (bound) => uniformInt(generator, 0, bound - 1),
    normal,
    normals: (count) => Float32Array.from({ length: count }, normal),
  };
}

/** A copy of `items` in random order (Fisher-Yates). */
export function shuffled<T>(items: readonly T[], rng: Rng): T[] {
  const result = [...items];
  for (let last = result.length - 1; 0 < last; last -= 1) {
    const other = rng.integer(last + 1);
    const moved = result[last] as T;
    result[last] = result[other] as T;
    result[other] = moved;
  }
  return result;
}
