/** Whether the loss of a training falls no more: pure, from the losses so far. */

/** When a training ends before its last step. */
export type EarlyStop = {
  /** Steps that are looked at; the look is repeated every half of them. */
  readonly window: number;
  /** The least share by which the loss must have fallen over the window, 0 to 1. */
  readonly minImprovement: number;
};

/** A third of all steps is looked at, and no more than a hundred; fewer than ten would tell nothing. */
export function earlyStopAfter(steps: number, minImprovement: number): EarlyStop {
  return { window: Math.max(10, Math.min(100, Math.floor(steps / 3))), minImprovement };
}

/** The loss of one step, and the timestep that it was taken at, as a share of all, 0 to 1. */
export type NoisedLoss = { readonly loss: number; readonly timestep: number };

/**
 * Whether a training stops after the steps that `losses` tells of. It is asked at steps that depend on nothing but the
 * options, so that the answer is the same whenever and with whomever an adapter is trained.
 *
 * The loss of a step says more about its timestep than about the adapter, so ln(loss) over the window is fitted by least
 * squares as a cubic of the timestep plus a straight line in the step; the line's fall over the window is the
 * improvement. (On loft-mini its scatter over 100 steps is 0.04 to 0.1 with, 0.35 to 0.46 without.)
 * @param warmupSteps steps at the beginning that the window must not reach into
 */
export function stopsEarly(
  losses: readonly NoisedLoss[],
  { window, minImprovement }: EarlyStop,
  warmupSteps: number,
): boolean {
  const done = losses.length;
  if (done < warmupSteps + window || done % Math.ceil(window / 2) !== 0) return false;
  return improvement(losses.slice(-window)) < minImprovement;
}

/** The share by which the loss fell over `losses`, at equal timesteps; NaN where it cannot be told. */
function improvement(losses: readonly NoisedLoss[]): number {
  const rows = losses.map(({ timestep }, index) => [1, timestep, timestep ** 2, timestep ** 3, index / losses.length]);
  const targets = losses.map(({ loss }) => Math.log(loss));
  return 1 - Math.exp(leastSquares(rows, targets).at(-1) as number);
}

/** The coefficients that bring rows closest to targets: the normal equations, solved by Gaussian elimination. */
function leastSquares(rows: readonly (readonly number[])[], targets: readonly number[]): readonly number[] {
  const size = rows[0]?.length ?? 0;
  const system = Array.from({ length: size }, (_, i) => [
    ...Array.from({ length: size }, (_, j) => sum(rows.map((row) => row[i]! * row[j]!))),
    sum(rows.map((row, index) => row[i]! * targets[index]!)),
  ]);
  for (let pivot = 0; pivot < size; pivot += 1) {
    for (let row = 0; row < size; row += 1) {
      if (row === pivot) continue;
      const factor = system[row]![pivot]! / system[pivot]![pivot]!;
      for (let column = pivot; column <= size; column += 1) {
        system[row]![column] = system[row]![column]! - factor * system[pivot]![column]!;
      }
    }
  }
  return system.map((row, index) => row[size]! / row[index]!);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
