/**
 * Speed on this machine, as ratios within one run: adapters trained one at a time and at once, images sampled one at a
 * time and in batches, with the bundled model. `npm run bench` builds and runs it; `-- --json` prints JSON.
 */
import { join } from "node:path";
import { loraLayout } from "../../daemon/adapters/lora.ts";
import { findTargetModules } from "../../daemon/adapters/targets.ts";
import { randomStream } from "../../daemon/base/random.ts";
import { type DiffusionModel, latentSize, loadDiffusionModel } from "../../daemon/diffusion/diffusion-model.ts";
import { createScheduler } from "../../daemon/diffusion/schedulers/schedulers.ts";
import { createSampler } from "../../daemon/sampling/sampler.ts";
import { createTrainer, type Trainer, type TrainingRow, type TrainingState } from "../../daemon/training/trainer.ts";

const resolution = 64;
const rank = 2;
const batches = [1, 4, 16];
const rounds = 5;

type Measured = { readonly what: string; readonly batch: number; readonly perSecond: number; readonly ratio: number };

async function main(): Promise<void> {
  const model = await loadDiffusionModel(join(process.cwd(), "models", "loft-mini"), { provider: "cpu", threads: 0 });
  const rows = [...(await benchTraining(model)), ...(await benchSampling(model))];
  const text = process.argv.includes("--json") ? JSON.stringify(rows) : table(rows);
  process.stdout.write(`${text}\n`);
}

function table(rows: readonly Measured[]): string {
  const line = ({ what, batch, perSecond, ratio }: Measured) =>
    `${what.padEnd(16)} ${String(batch).padStart(5)} ${perSecond.toFixed(1).padStart(9)} ${`${ratio.toFixed(2)}x`.padStart(8)}`;
  return [`${"what".padEnd(16)} batch per second    ratio`, ...rows.map(line)].join("\n");
}

/** The median over rounds; batch sizes take turns, so that a slow moment meets all of them. */
async function takeTurns(what: string, runs: ReadonlyMap<number, () => Promise<number>>): Promise<Measured[]> {
  const rates = new Map<number, number[]>([...runs.keys()].map((batch) => [batch, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [batch, run] of runs) rates.get(batch)!.push(await run());
  }
  const median = (values: readonly number[]) => [...values].sort((left, right) => left - right)[values.length >> 1]!;
  const single = median(rates.get(batches[0]!)!);
  return [...rates].map(([batch, values]) => ({
    what,
    batch,
    perSecond: median(values),
    ratio: median(values) / single,
  }));
}

function layoutOf(model: DiffusionModel, width: number) {
  return loraLayout(width, findTargetModules(model.unet.file.tensors, ["to_q", "to_k", "to_v", "to_out.0"]));
}

function embedsOf(model: DiffusionModel, name: string): Float32Array {
  return randomStream("embeds", name).normals(model.tokenizer.maxLength * model.unet.config.crossAttentionDim);
}

async function benchTraining(model: DiffusionModel): Promise<Measured[]> {
  const size = latentSize(model, resolution);
  const runs = new Map<number, () => Promise<number>>();
  const trainers: Trainer[] = [];
  for (const batch of batches) {
    const trainer = await createTrainer(model, {
      rows: batch,
      layout: layoutOf(model, rank),
      alpha: rank,
      resolution,
      adamW: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
      maxGradNorm: 1,
      lrSchedule: { name: "cosine", learningRate: 1e-3, warmupSteps: 10, steps: 1000 },
    });
    trainers.push(trainer);
    const rows = Array.from({ length: batch }, (_, index): TrainingRow => {
      const mean = randomStream("photo", index).normals(size);
      return {
        stream: [index],
        photo: { mean, std: new Float32Array(size) },
        promptEmbeds: embedsOf(model, String(index)),
      };
    });
    let state: TrainingState = trainer.start(rows);
    const steps = Math.max(4, 32 / batch);
    runs.set(batch, async () => {
      const started = performance.now();
      for (let step = 0; step < steps; step += 1) ({ state } = await trainer.step(rows, state));
      return (steps * batch * 1000) / (performance.now() - started);
    });
  }
  const measured = await takeTurns("adapter-steps", runs);
  for (const trainer of trainers) await trainer.release();
  return measured;
}

async function benchSampling(model: DiffusionModel): Promise<Measured[]> {
  const layout = layoutOf(model, 2 * rank);
  const size = latentSize(model, resolution);
  const scheduler = createScheduler(model.scheduler, undefined, 10);
  const runs = new Map<number, () => Promise<number>>();
  const samplers = [];
  for (const batch of batches) {
    const sampler = await createSampler(model, { rows: batch, resolution, guidanceScale: 2, layout });
    samplers.push(sampler);
    const rows = Array.from({ length: batch }, (_, index) => ({
      noise: randomStream("noise", index).normals(size),
      promptEmbeds: embedsOf(model, String(index)),
      negativeEmbeds: embedsOf(model, ""),
      fusion: randomStream("fusion", index)
        .normals(layout.parameterCount)
        .map((value) => value * 0.01),
    }));
    runs.set(batch, async () => {
      const started = performance.now();
      await sampler.denoise(rows, scheduler);
      return (batch * 1000) / (performance.now() - started);
    });
  }
  const measured = await takeTurns("images, 10 steps", runs);
  for (const sampler of samplers) await sampler.release();
  return measured;
}

await main();
