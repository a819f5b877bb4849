/** Packing adapters, starting them, and fusing them. */
import { describe, expect, test } from "vitest";
import type { AdapterWeights } from "../../../daemon/adapters/adapter-weights.ts";
import { fuseAdapters, fusedRank } from "../../../daemon/adapters/fuse.ts";
import { initialLora, loraFromPacked, loraLayout, packedFromLora } from "../../../daemon/adapters/lora.ts";
import { LoftError } from "../../../daemon/base/errors.ts";
import { randomStream } from "../../../daemon/base/random.ts";

const targets = [
  { name: "one.to_q", inFeatures: 3, outFeatures: 4 },
  { name: "two.to_q", inFeatures: 5, outFeatures: 2 },
];

function adapter(name: string, rank: number, alpha: number): AdapterWeights {
  const layout = loraLayout(rank, targets);
  return loraFromPacked(layout, alpha, randomStream(name).normals(layout.parameterCount));
}

/** alpha / rank * B A, row-major [out, in]. */
function delta({ modules }: AdapterWeights, module: number): number[] {
  const { a, b, inFeatures, outFeatures, rank, alpha } = modules[module]!;
  return Array.from({ length: outFeatures * inFeatures }, (_, index) => {
    const [row, column] = [Math.floor(index / inFeatures), index % inFeatures];
    let sum = 0;
    for (let inner = 0; inner < rank; inner += 1) sum += b[row * rank + inner]! * a[inner * inFeatures + column]!;
    return (alpha / rank) * sum;
  });
}

describe("packing", () => {
  test("goes there and back", () => {
    const layout = loraLayout(2, targets);
    const packed = randomStream("packed").normals(layout.parameterCount);
    expect(layout.parameterCount).toBe(2 * (3 + 4 + 5 + 2));
    expect(packedFromLora(layout, loraFromPacked(layout, 2, packed))).toEqual(packed);
  });

  test("takes targets that the adapter lacks as zero", () => {
    const [one, two] = [loraLayout(2, targets.slice(0, 1)), loraLayout(2, targets.slice(1))];
    const partial = { modules: adapter("a", 2, 2).modules.slice(1) };
    const zeros = new Float32Array(one.parameterCount);
    const packed = packedFromLora(loraLayout(2, targets), partial);
    expect([...packed]).toEqual([...zeros, ...packedFromLora(two, partial)]);
  });

  test.each([
    ["another rank", loraLayout(3, targets)],
    ["a target less", loraLayout(2, targets.slice(0, 1))],
    ["another size", loraLayout(2, [targets[0]!, { ...targets[1]!, inFeatures: 6 }])],
  ])("refuses %s", (_, layout) => {
    expect(() => packedFromLora(layout, adapter("a", 2, 2))).toThrow(LoftError);
  });
});

test("a fresh adapter has A normal with deviation 1 / rank, and B zero", () => {
  const layout = loraLayout(4, [{ name: "wide", inFeatures: 4000, outFeatures: 8 }]);
  const { modules } = loraFromPacked(layout, 4, initialLora(layout, randomStream("start")));
  const { a, b } = modules[0]!;
  const deviation = Math.sqrt(a.reduce((sum, value) => sum + value ** 2, 0) / a.length);
  expect(deviation).toBeGreaterThan(0.245);
  expect(deviation).toBeLessThan(0.255);
  expect(b.every((value) => value === 0)).toBe(true);
});

describe("fusion", () => {
  test("is the weighted sum of the deltas, for any ranks and alphas", () => {
    const parts = [
      { adapter: adapter("a", 2, 2), weight: 0.7 },
      { adapter: adapter("b", 1, 3), weight: -0.2 },
      { adapter: adapter("c", 4, 1), weight: 0.5 },
    ];
    const fused = fuseAdapters(parts, fusedRank(parts) + 1);
    for (const module of [0, 1]) {
      const sum = delta(parts[0]!.adapter, module).map((_, index) =>
        parts.reduce((total, part) => total + part.weight * delta(part.adapter, module)[index]!, 0),
      );
      for (const [index, value] of delta(fused, module).entries()) expect(value).toBeCloseTo(sum[index]!, 5);
    }
  });

  test("sums modules of different rank and alpha, and what only some adapters have", () => {
    const [a, b] = [adapter("a", 2, 3), adapter("b", 3, 1)];
    const mixed = { modules: [a.modules[0]!, b.modules[1]!] };
    const parts = [
      { adapter: mixed, weight: 0.3 },
      { adapter: { modules: [{ ...b.modules[0]!, name: "third.to_q" }] }, weight: 2 },
      { adapter: { modules: b.modules.slice(1) }, weight: -1 },
    ];
    expect(fusedRank(parts)).toBe(6);
    const fused = fuseAdapters(parts, 7);
    expect(fused.modules.map(({ name, rank, alpha }) => [name, rank, alpha])).toEqual([
      ["one.to_q", 7, 7],
      ["third.to_q", 7, 7],
      ["two.to_q", 7, 7],
    ]);
    const wanted = [delta(mixed, 0), delta(b, 0), delta(b, 1)];
    for (const [module, factor] of [0.3, 2, -0.7].entries()) {
      for (const [index, value] of delta(fused, module).entries()) {
        expect(value).toBeCloseTo(factor * wanted[module]![index]!, 5);
      }
    }
  });

  test("of nothing is nothing", () => {
    expect(fusedRank([])).toBe(0);
    expect(fuseAdapters([{ adapter: { modules: [] }, weight: 1 }], 2)).toEqual({ modules: [] });
  });

  test("needs room, and adapters of one model", () => {
    const a = { adapter: adapter("a", 2, 2), weight: 1 };
    const [first] = loraFromPacked(loraLayout(2, [{ ...targets[0]!, inFeatures: 6 }]), 2, new Float32Array(20)).modules;
    expect(() => fuseAdapters([a, a], 3)).toThrow(expect.objectContaining({ code: "adapter-rank-mismatch" }));
    const other = { adapter: { modules: [first!] }, weight: 1 };
    expect(() => fuseAdapters([a, other], 4)).toThrow(expect.objectContaining({ code: "adapter-invalid" }));
  });
});
