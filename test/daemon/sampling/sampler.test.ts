/** Each image of a batch has its own fusion, and is the image that a batch of one makes. */
import { expect, test } from "vitest";
import { fuseAdapters } from "../../../daemon/adapters/fuse.ts";
import { loraFromPacked, loraLayout, packedFromLora } from "../../../daemon/adapters/lora.ts";
import { randomStream } from "../../../daemon/base/random.ts";
import type { DiffusionModel } from "../../../daemon/diffusion/diffusion-model.ts";
import { createScheduler } from "../../../daemon/diffusion/schedulers/schedulers.ts";
import { createSampler, type SamplingRow } from "../../../daemon/sampling/sampler.ts";
import { loftErrorOf } from "../../support/loft-error.ts";
import { relativeError } from "../../support/reference.ts";
import { tinyExample, tinyModel, tinyResolution, tinyTraining } from "../../support/tiny-model.ts";

const steps = 3;

/** An adapter with both matrices random. */
function randomAdapter(model: DiffusionModel, name: string) {
  const { layouts, alpha } = tinyTraining(model, 1);
  const layout = layouts.unet;
  return loraFromPacked(
    layout,
    alpha,
    randomStream("adapter", name)
      .normals(layout.parameterCount)
      .map((value) => value * 0.1),
  );
}

function wide(model: DiffusionModel, rank: number) {
  return loraLayout(rank, tinyTraining(model, 1).layouts.unet.targets);
}

function row(model: DiffusionModel, name: string, fusion: Float32Array | undefined): SamplingRow {
  const [{ crops, promptEmbeds }, negative] = [tinyExample(model, name), tinyExample(model, "negative")];
  return { noise: crops[0]!.mean, promptEmbeds, negativeEmbeds: negative.promptEmbeds, fusion };
}

async function sample(
  model: DiffusionModel,
  rows: readonly SamplingRow[],
  rank: number | undefined,
  guidanceScale = 2,
  guidanceInterval?: readonly [number, number],
) {
  const layout = rank === undefined ? undefined : wide(model, rank);
  const options = { resolution: tinyResolution, guidanceScale, guidanceInterval, layout };
  const sampler = await createSampler(model, { rows: rows.length, ...options });
  try {
    return await sampler.denoise(rows, createScheduler(model.scheduler, undefined, steps));
  } finally {
    await sampler.release();
  }
}

test("rows of a batch keep to themselves", async () => {
  const model = await tinyModel();
  const [a, b] = [randomAdapter(model, "a"), randomAdapter(model, "b")];
  const fusion = (weights: readonly [number, number]) =>
    packedFromLora(
      wide(model, 4),
      fuseAdapters(
        [
          { adapter: a, weight: weights[0] },
          { adapter: b, weight: weights[1] },
        ],
        4,
      ),
    );
  const rows = [
    row(model, "1", fusion([0.5, 0.5])),
    row(model, "2", fusion([0.9, 0.1])),
    row(model, "3", fusion([0, 1])),
  ];
  const together = await sample(model, rows, 4);
  for (const [index, each] of rows.entries()) expect(together[index]).toEqual((await sample(model, [each], 4))[0]);
});

test("weights (1, 0) are the first adapter alone, and zeros are the base model", async () => {
  const model = await tinyModel();
  const [a, b] = [randomAdapter(model, "a"), randomAdapter(model, "b")];
  const layout = wide(model, 4);
  const pair = packedFromLora(
    layout,
    fuseAdapters(
      [
        { adapter: a, weight: 1 },
        { adapter: b, weight: 0 },
      ],
      4,
    ),
  );
  const alone = packedFromLora(layout, fuseAdapters([{ adapter: a, weight: 1 }], 4));
  const none = new Float32Array(layout.parameterCount);
  const [fused, single, zero] = await sample(
    model,
    [pair, alone, none].map((fusion) => row(model, "1", fusion)),
    4,
  );
  expect(fused).toEqual(single);
  expect(fused).not.toEqual(zero);
  expect(zero).toEqual((await sample(model, [row(model, "1", undefined)], undefined))[0]);
});

test("guidance 1 needs no negative prompt", async () => {
  const model = await tinyModel();
  const plain = { ...row(model, "1", undefined), negativeEmbeds: tinyExample(model, "other").promptEmbeds };
  expect(await sample(model, [plain], undefined, 1)).toEqual(
    await sample(model, [row(model, "1", undefined)], undefined, 1),
  );
});

test("an aborted run stops between two steps", async () => {
  const model = await tinyModel();
  const sampler = await createSampler(model, {
    rows: 1,
    resolution: tinyResolution,
    guidanceScale: 1,
    layout: undefined,
  });
  const abort = new AbortController();
  let done = 0;
  const run = sampler.denoise([row(model, "1", undefined)], createScheduler(model.scheduler, undefined, steps), {
    signal: abort.signal,
    onStep: () => {
      done += 1;
      abort.abort();
    },
  });
  expect((await loftErrorOf(() => run)).code).toBe("interrupted");
  expect(done).toBe(1);
  await sampler.release();
});

test("guidance in an interval of timesteps: all of them, none, and some", async () => {
  const model = await tinyModel();
  const packed = packedFromLora(wide(model, 2), randomAdapter(model, "a"));
  const rows = [row(model, "1", packed), row(model, "2", packed)];
  const guided = await sample(model, rows, 2, 4);
  const unguided = await sample(model, rows, 2, 1);
  expect(await sample(model, rows, 2, 4, [0, 1])).toEqual(guided);
  const none = await sample(model, rows, 2, 4, [1, 1]);
  for (const index of rows.keys()) expect(relativeError(none[index]!, unguided[index]!)).toBeLessThan(1e-5);
  const half = await sample(model, rows, 2, 4, [0, 0.5]);
  for (const other of [guided, unguided]) expect(relativeError(half[0]!, other[0]!)).toBeGreaterThan(1e-3);
});
