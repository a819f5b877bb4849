/**
 * Speed on this machine, as ratios within one run: adapters trained one at a time and at once, images sampled one at a
 * time and in batches, with the bundled model. `npm run bench` builds and runs it; `-- --json` prints JSON,
 * `-- --dedicated` lets waiting threads spin, as PyTorch's do, `-- --peer
 * PYTHON` times the same work with diffusers and PEFT beside it, in turns.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { loraLayout } from "../../daemon/adapters/lora.ts";
import { findTargetModules } from "../../daemon/adapters/targets.ts";
import { randomStream } from "../../daemon/base/random.ts";
import { type DiffusionModel, latentSize, loadDiffusionModel } from "../../daemon/diffusion/diffusion-model.ts";
import { createScheduler } from "../../daemon/diffusion/schedulers/schedulers.ts";
import { createSampler } from "../../daemon/sampling/sampler.ts";
import { createTrainer, type TrainingRow, type TrainingState } from "../../daemon/training/trainer.ts";

const modelFolder = join(process.cwd(), "models", "loft-mini");
const resolution = 64;
const rank = 2;
const batches = [1, 4, 16];
const rounds = 5;

/** One thing to time; `run` does some of it and says how many a second. */
type Contestant = { readonly what: string; readonly run: () => Promise<number>; readonly end?: () => Promise<void> };

type Measured = { readonly what: string; readonly perSecond: number; readonly ratio: number };

async function main(): Promise<void> {
  const model = await loadDiffusionModel(modelFolder, {
    provider: "cpu",
    threads: 0,
    dedicated: process.argv.includes("--dedicated"),
  });
  const peer = await startPeer(process.argv);
  const results = [
    await takeTurns("adapter-steps per second", [...(await trainers(model)), ...peer.training]),
    await takeTurns("images of 10 steps per second, guidance 2", [...(await samplers(model)), ...peer.sampling]),
  ];
  peer.stop();
  const text = process.argv.includes("--json")
    ? JSON.stringify(Object.fromEntries(results))
    : results.map(table).join("\n\n");
  process.stdout.write(`${text}\n`);
}

function table([title, rows]: readonly [string, readonly Measured[]]): string {
  const line = ({ what, perSecond, ratio }: Measured) =>
    `${what.padEnd(44)} ${perSecond.toFixed(1).padStart(8)} ${`${ratio.toFixed(2)}x`.padStart(7)}`;
  return [title, ...rows.map(line)].join("\n");
}

/** The median over rounds; the contestants take turns, so that a slow moment meets all of them. Ratios are to the first. */
async function takeTurns(
  title: string,
  contestants: readonly Contestant[],
): Promise<readonly [string, readonly Measured[]]> {
  const rates = contestants.map((): number[] => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, { run }] of contestants.entries()) rates[index]!.push(await run());
  }
  for (const { end } of contestants) await end?.();
  const medians = rates.map((values) => values.sort((left, right) => left - right)[values.length >> 1]!);
  return [
    title,
    contestants.map(({ what }, index) => ({ what, perSecond: medians[index]!, ratio: medians[index]! / medians[0]! })),
  ];
}

function layoutOf(model: DiffusionModel, width: number) {
  return loraLayout(width, findTargetModules(model.unet.file.tensors, ["to_q", "to_k", "to_v", "to_out.0"]));
}

function embedsOf(model: DiffusionModel, name: string): Float32Array {
  return randomStream("embeds", name).normals(model.tokenizer.maxLength * model.unet.config.crossAttentionDim);
}

async function trainers(model: DiffusionModel): Promise<Contestant[]> {
  const size = latentSize(model, resolution);
  const contestants: Contestant[] = [];
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
    const run = async () => {
      const started = performance.now();
      for (let step = 0; step < steps; step += 1) ({ state } = await trainer.step(rows, state));
      return (steps * batch * 1000) / (performance.now() - started);
    };
    contestants.push({ what: `LoFT, ${batch} at once`, run, end: () => trainer.release() });
  }
  return contestants;
}

async function samplers(model: DiffusionModel): Promise<Contestant[]> {
  const layout = layoutOf(model, 2 * rank);
  const size = latentSize(model, resolution);
  const scheduler = createScheduler(model.scheduler, undefined, 10);
  const contestants: Contestant[] = [];
  for (const batch of batches) {
    const sampler = await createSampler(model, { rows: batch, resolution, guidanceScale: 2, layout });
    const rows = Array.from({ length: batch }, (_, index) => ({
      noise: randomStream("noise", index).normals(size),
      promptEmbeds: embedsOf(model, String(index)),
      negativeEmbeds: embedsOf(model, ""),
      fusion: randomStream("fusion", index)
        .normals(layout.parameterCount)
        .map((value) => value * 0.01),
    }));
    const run = async () => {
      const started = performance.now();
      await sampler.denoise(rows, scheduler);
      return (batch * 1000) / (performance.now() - started);
    };
    contestants.push({ what: `LoFT, ${batch} at once, each its own pair`, run, end: () => sampler.release() });
  }
  return contestants;
}

type Peer = { readonly training: Contestant[]; readonly sampling: Contestant[]; readonly stop: () => void };

/** The Python way in a process of its own (peer.py), where `--peer PYTHON` asks for it. */
async function startPeer(args: readonly string[]): Promise<Peer> {
  const python = args[args.indexOf("--peer") + 1];
  if (!args.includes("--peer") || python === undefined) return { training: [], sampling: [], stop: () => undefined };
  const child = spawn(python, ["test/bench/peer.py", modelFolder, "examples/quick-start/train"], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const line = await answers.next();
    if (line.done)
      throw new Error(`${python} test/bench/peer.py ended: it needs torch, diffusers, peft and transformers`);
    return JSON.parse(line.value) as { perSecond: number };
  };
  await answer();
  const ask = (what: string, command: string): Contestant => ({
    what: `Python, ${what}`,
    run: async () => {
      child.stdin.write(`${command}\n`);
      return (await answer()).perSecond;
    },
  });
  return {
    training: [
      ask("plain", "train plain 12"),
      ask("latents precomputed, fused AdamW", "train precomputed 12"),
      ask("16 lanes in own PyTorch code", "train lanes 16 2"),
    ],
    sampling: [ask("one at a time", "sample plain 3"), ask("merged pair, batch 4", "sample merged 4 1")],
    stop: () => child.kill(),
  };
}

await main();
