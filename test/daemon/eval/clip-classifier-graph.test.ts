/** Classifier training against PEFT and torch: logits, gradients, AdamW steps; and rows that do not see each other. */
import { beforeAll, describe, expect, it } from "vitest";
import { type LoraLayout, loraFromPacked, loraLayout, packedFromLora } from "../../../daemon/adapters/lora.ts";
import { randomStream } from "../../../daemon/base/random.ts";
import { float32, type HostTensor } from "../../../daemon/engine/graph/tensor.ts";
import {
  type ClassifierGraphOptions,
  classifierGradientGraph,
  classifierImageGraph,
  classifierModules,
  classifierTextGraph,
  dropoutPlaces,
} from "../../../daemon/eval/clip-classifier-graph.ts";
import { longestText, tokenFeeds } from "../../../daemon/eval/clip-model.ts";
import { createShareSession } from "../../../daemon/eval/share-session.ts";
import { buildUpdate } from "../../../daemon/optim/train-step.ts";
import { nextState, startingState, stateFeeds } from "../../../daemon/optim/training-state.ts";
import { type ClipCase, readClipCase } from "../../support/clip-case.ts";
import { relativeError } from "../../support/reference.ts";
import { cpu, runGraph } from "../../support/run-graph.ts";

let reference: ClipCase;
let layout: LoraLayout;
let options: ClassifierGraphOptions;
beforeAll(async () => {
  reference = await readClipCase();
  layout = loraLayout(reference.lora.r, classifierModules(reference.model));
  options = {
    rows: 1,
    batchSize: 6,
    classes: 3,
    tokens: longestText(reference.model, reference.prompts),
    layout,
    alpha: reference.lora.lora_alpha,
    dropout: 0,
  };
});

/** An array of every adapted layer under PEFT's names, as a packed row. */
function packed(prefix: string): Float32Array {
  const matrix = (name: string, part: "A" | "B") =>
    reference.array(`${prefix}.base_model.model.${name}.lora_${part}.weight`).data;
  const modules = layout.targets.map((target) => ({
    ...target,
    rank: layout.rank,
    alpha: layout.rank,
    a: matrix(target.name, "A"),
    b: matrix(target.name, "B"),
  }));
  return packedFromLora(layout, { modules });
}

/** The largest error of a layer's matrices, or with a start the error of all together against the way they went. */
function errorOf(found: Float32Array, prefix: string, start?: Float32Array): number {
  const wanted = packed(prefix);
  if (start !== undefined) {
    return relativeError(
      found.map((value, index) => value - start[index]!),
      wanted.map((value, index) => value - start[index]!),
    );
  }
  const [left, right] = [found, wanted].map((values) => loraFromPacked(layout, 1, values).modules);
  return Math.max(
    ...left!.flatMap(({ a, b }, index) => [relativeError(a, right![index]!.a), relativeError(b, right![index]!.b)]),
  );
}

function hardTargets(): Float32Array {
  const targets = new Float32Array(18);
  for (const [row, label] of reference.array("labels").data.entries()) targets[row * 3 + label] = 1;
  return targets;
}

function feedsOf(images: Float32Array, targets: Float32Array): Record<string, HostTensor> {
  return {
    pixels: float32(images, [6, 3, 32, 32]),
    targets: float32(targets, [6, 3]),
    sampleWeights: float32(new Float32Array(6).fill(1 / 6), [6, 1]),
    ...tokenFeeds(reference.model, reference.prompts, options.tokens),
  };
}

describe("training", () => {
  it.each([1, 2])(
    "takes the steps of torch's AdamW on PEFT's adapters in both towers, in %d shares",
    async (shares) => {
      const adamW = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: reference.train.weight_decay };
      const sizes = { rows: 1, parameterCount: layout.parameterCount, shares };
      const update = { ...buildUpdate({ ...sizes, adamW, maxGradNorm: Number.POSITIVE_INFINITY }) };
      const gradients = (rows: number) => ({
        ...classifierGradientGraph(reference.model, { ...options, rows, batchSize: 6 / shares }),
      });
      const session = await createShareSession({ rows: 1, shares, gradients, update }, cpu);
      const lrSchedule = {
        name: "constant_with_warmup",
        learningRate: reference.train.lr,
        warmupSteps: 0,
        steps: 5,
      } as const;
      const start = packed("lora.init");
      let state = startingState(start);
      const losses: number[] = [];
      for (let step = 1; step <= 5; step += 1) {
        const moved = await session.run(
          feedsOf(reference.array("images").data, hardTargets()),
          stateFeeds(state, 1, { adamW, lrSchedule }),
        );
        state = nextState(moved, step);
        losses.push(moved.losses!.data[0] as number);
        if (step === 1) {
          const error = errorOf(moved.gradient!.data as Float32Array, "lora.hard.grad");
          expect(error).toBeLessThanOrEqual(reference.tolerance("lora.hard.grad"));
        }
        if (step === 1 || step === 5) {
          const group = `lora.hard.step${step}`;
          expect(errorOf(state.parameters, group, start)).toBeLessThanOrEqual(reference.tolerance(group));
        }
      }
      await session.release();
      expect(reference.excess("lora.hard.loss", losses)).toBeLessThanOrEqual(1);
    },
  );

  it("takes soft targets of mixed pictures", async () => {
    const found = await runGraph(
      { ...classifierGradientGraph(reference.model, options) },
      {
        ...feedsOf(reference.array("mix.images").data, reference.array("mix.targets").data),
        ...parametersOf(packed("lora.init"), 1),
      },
    );
    expect(reference.excess("lora.mix.logits", found.logits!.data as Float32Array)).toBeLessThanOrEqual(1);
    expect(reference.excess("lora.mix.loss", found.losses!.data as Float32Array)).toBeLessThanOrEqual(1);
    const error = errorOf(found.gradient!.data as Float32Array, "lora.mix.grad");
    expect(error).toBeLessThanOrEqual(reference.tolerance("lora.mix.grad"));
  });

  it("gives several classifiers at once what each gets alone, dropout included", async () => {
    const two = { ...options, rows: 2, dropout: 0.1 };
    const rng = randomStream("two classifiers");
    const uniform = (count: number) => Float32Array.from({ length: count }, () => rng.uniform());
    const count = layout.targets.length;
    const [a, b] = ["a", "b"].map(() => ({
      parameters: packed("lora.init").map((value) => value + 0.1 * rng.normal()),
      pixels: rng.normals(6 * 3 * 32 * 32),
      images: uniform(6 * count),
      texts: uniform(3 * count),
    }));
    const places = uniform(count * dropoutPlaces(reference.model, options));
    const run = (rows: readonly NonNullable<typeof a>[], graph: ClassifierGraphOptions) => {
      const joined = (pick: (row: NonNullable<typeof a>) => Float32Array) =>
        Float32Array.from(rows.flatMap((row) => [...pick(row)]));
      const repeat = (values: Float32Array) => Float32Array.from(rows.flatMap(() => [...values]));
      return runGraph(
        { ...classifierGradientGraph(reference.model, graph) },
        {
          ...parametersOf(
            joined(({ parameters }) => parameters),
            rows.length,
          ),
          pixels: float32(
            joined(({ pixels }) => pixels),
            [6 * rows.length, 3, 32, 32],
          ),
          targets: float32(repeat(hardTargets()), [6 * rows.length, 3]),
          sampleWeights: float32(new Float32Array(6 * rows.length).fill(1 / 6), [6 * rows.length, 1]),
          ...tokenFeeds(reference.model, reference.prompts, options.tokens),
          dropoutImages: float32(
            joined(({ images }) => images),
            [6 * rows.length, 1, count],
          ),
          dropoutTexts: float32(
            joined(({ texts }) => texts),
            [3 * rows.length, 1, count],
          ),
          dropoutPlaces: float32(places, [count, dropoutPlaces(reference.model, options)]),
        },
      );
    };
    const together = await run([a!, b!], two);
    const size = layout.parameterCount;
    for (const [row, only] of [a!, b!].entries()) {
      const alone = await run([only], { ...two, rows: 1 });
      const own = (together.gradient!.data as Float32Array).slice(row * size, (row + 1) * size);
      expect(relativeError(own, alone.gradient!.data as Float32Array)).toBeLessThan(1e-5);
      expect((together.losses!.data as Float32Array)[row]).toBeCloseTo((alone.losses!.data as Float32Array)[0]!, 5);
    }
    const plain = await run([a!], { ...two, rows: 1, dropout: 0 });
    expect(plain.losses!.data).not.toEqual((together.losses!.data as Float32Array).slice(0, 1));
  });
});

describe("prediction", () => {
  it("is the training graph's, without dropout", async () => {
    const feeds = feedsOf(reference.array("images").data, hardTargets());
    const parameters = float32(packed("lora.init"), [1, layout.parameterCount]);
    const { textFeatures } = await runGraph(classifierTextGraph(reference.model, options, options), {
      parameters,
      tokenIds: feeds.tokenIds!,
      endMask: feeds.endMask!,
    });
    const { logits } = await runGraph(classifierImageGraph(reference.model, options, options), {
      parameters,
      pixels: feeds.pixels!,
      textFeatures: textFeatures!,
    });
    expect(reference.excess("lora.hard.logits", logits!.data as Float32Array)).toBeLessThanOrEqual(1);
  });

  it("needs no token behind the longest text's end", () => {
    const { tokens } = options;
    expect(tokens).toBeLessThan(reference.model.tokenizer.maxLength);
    const { endMask } = tokenFeeds(reference.model, reference.prompts, tokens);
    expect([...(endMask.data as Float32Array)].filter((value) => value === 1)).toHaveLength(3);
  });
});

function parametersOf(parameters: Float32Array, rows: number): Record<string, HostTensor> {
  return { parameters: float32(parameters, [rows, layout.parameterCount]) };
}
