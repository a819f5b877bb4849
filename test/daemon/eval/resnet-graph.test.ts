/** The residual network against PyTorch (test/fixtures/resnet/make.py): logits, gradients, SGD steps; and rows apart. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { randomStream } from "../../../daemon/base/random.ts";
import { readSafetensorsHeader, readTensors, toFloat32 } from "../../../daemon/checkpoint/safetensors.ts";
import { concatenated, float32, type HostTensor } from "../../../daemon/engine/graph/tensor.ts";
import { resnetGradientGraph, resnetGraph } from "../../../daemon/eval/resnet-graph.ts";
import { initialResnet, resnetLayout } from "../../../daemon/eval/resnet-layout.ts";
import { createShareSession } from "../../../daemon/eval/share-session.ts";
import { buildSgdUpdate } from "../../../daemon/optim/sgd.ts";
import { relativeError } from "../../support/reference.ts";
import { cpu, runGraph } from "../../support/run-graph.ts";

const file = await readSafetensorsHeader(
  fileURLToPath(new URL("../../fixtures/resnet/resnet.safetensors", import.meta.url)),
);
const arrays = await readTensors(file, [...file.tensors.keys()]);
const array = (name: string) => toFloat32(arrays.get(name)!);

const layout = resnetLayout({ classes: 3, side: 66, channels: [8, 12, 16] });
const sgd = { momentum: 0.9, weightDecay: 0.01 };
const batchSize = 4;

/** Arrays of all tensors as a packed row. */
function packed(prefix: string): Float32Array {
  return concatenated(layout.tensors.map(({ name }) => array(`${prefix}.${name}`)));
}

/** The largest relative error of a tensor. */
function worstError(found: Float32Array, prefix: string): number {
  let offset = 0;
  const errors = layout.tensors.map(({ name }) => {
    const wanted = array(`${prefix}.${name}`);
    offset += wanted.length;
    return relativeError(found.subarray(offset - wanted.length, offset), wanted);
  });
  return Math.max(...errors);
}

function feedsOf(rows: number, pixels = array("pixels")): Record<string, HostTensor> {
  const count = rows * batchSize;
  const repeated = (name: string) => concatenated(Array.from({ length: rows }, () => array(name)));
  return {
    pixels: float32(pixels, [count, 3, 66, 66]),
    targets: float32(repeated("targets"), [count, 3]),
    sampleWeights: float32(repeated("weights"), [count, 1]),
  };
}

describe("training", () => {
  it("has the tensors of the reference, in number and shape", () => {
    const stored = [...file.tensors.keys()].filter((name) => name.startsWith("start."));
    expect(layout.tensors.map(({ name }) => `start.${name}`).sort()).toEqual(stored.sort());
    for (const { name, shape } of layout.tensors) expect(shape).toEqual(arrays.get(`start.${name}`)!.shape);
  });

  it.each([1, 2])(
    "takes the steps of torch's SGD in %d shares, to 1e-5 of losses and 1e-4 of parameters",
    async (shares) => {
      const { parameterCount } = layout;
      const update = { ...buildSgdUpdate({ rows: 1, parameterCount, shares, sgd }) };
      const gradients = (rows: number) => ({ ...resnetGradientGraph({ rows, batchSize: batchSize / shares, layout }) });
      const session = await createShareSession({ rows: 1, shares, gradients, update }, cpu);
      let parameters: Float32Array = packed("start");
      let velocity: Float32Array = parameters.map(() => 0);
      const losses: number[] = [];
      const size = [1, parameterCount];
      const learningRate = float32(Float32Array.of(0.1), [1, 1]);
      for (let step = 1; step <= 3; step += 1) {
        const state = { parameters: float32(parameters, size), velocity: float32(velocity, size), learningRate };
        const found = await session.run(feedsOf(1), state);
        const data = (name: string) => found[name]!.data as Float32Array;
        [parameters, velocity] = [data("nextParameters"), data("nextVelocity")];
        losses.push(data("losses")[0]!);
        if (step === 1) expect(worstError(data("gradient"), "gradient")).toBeLessThan(1e-4);
        if (step !== 2) expect(worstError(parameters, `step${step}`)).toBeLessThan(1e-4);
      }
      await session.release();
      expect(relativeError(losses, array("losses"))).toBeLessThan(1e-5);
    },
  );

  it("gives several networks at once what each gets alone", async () => {
    const rng = randomStream("two networks");
    const rows = [0, 1, 2].map((row) => ({
      parameters: initialResnet(layout, randomStream("start", row)),
      pixels: rng.normals(batchSize * 3 * 66 * 66),
    }));
    const run = (some: typeof rows) => {
      const size = [some.length, layout.parameterCount];
      const joined = (pick: (row: (typeof rows)[number]) => Float32Array) => concatenated(some.map(pick));
      return runGraph(
        { ...resnetGradientGraph({ rows: some.length, batchSize, layout }) },
        {
          ...feedsOf(
            some.length,
            joined(({ pixels }) => pixels),
          ),
          parameters: float32(
            joined(({ parameters }) => parameters),
            size,
          ),
        },
      );
    };
    const together = await run(rows);
    for (const [index, row] of rows.entries()) {
      const alone = await run([row]);
      for (const name of ["gradient", "losses", "logits"]) {
        const all = together[name]!.data as Float32Array;
        const size = all.length / rows.length;
        const own = all.subarray(index * size, (index + 1) * size);
        expect(relativeError(own, alone[name]!.data as Float32Array)).toBeLessThan(1e-5);
      }
    }
  });
});

describe("prediction", () => {
  it("is the training graph's", async () => {
    const found = await runGraph(
      { ...resnetGraph({ rows: 1, batchSize, layout }) },
      { parameters: float32(packed("start"), [1, layout.parameterCount]), pixels: feedsOf(1).pixels! },
    );
    expect(relativeError(found.logits!.data as Float32Array, array("logits"))).toBeLessThan(1e-5);
  });

  it("does not hang on the pictures beside it", async () => {
    const parameters = float32(packed("start"), [1, layout.parameterCount]);
    const pixels = array("pixels").slice();
    const changed = pixels.slice().fill(0.5, pixels.length / batchSize);
    const ask = async (shown: Float32Array) => {
      const feeds = { parameters, pixels: float32(shown, [batchSize, 3, 66, 66]) };
      const { logits } = await runGraph({ ...resnetGraph({ rows: 1, batchSize, layout }) }, feeds);
      return (logits!.data as Float32Array).slice(0, 3);
    };
    expect(await ask(changed)).toEqual(await ask(pixels));
  });
});
