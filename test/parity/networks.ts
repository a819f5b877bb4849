/** What LoFT computes for the arrays of a reference case. */
import { join } from "node:path";
import { readAdapter } from "../../daemon/adapters/adapter-file.ts";
import type { AdapterWeights } from "../../daemon/adapters/adapter-weights.ts";
import { type FusionPart, fuseAdapters, fusedRank } from "../../daemon/adapters/fuse.ts";
import { adaptedWeights, type LoraLayout, loraLayout, packedFromLora, unpackLora } from "../../daemon/adapters/lora.ts";
import { layerNames } from "../../daemon/adapters/targets.ts";
import { readJsonFile } from "../../daemon/checkpoint/diffusers-folder.ts";
import { type PredictionType, readSchedulerConfig } from "../../daemon/diffusion/configs/scheduler-config.ts";
import { type DiffusionModel, loadDiffusionModel } from "../../daemon/diffusion/diffusion-model.ts";
import { encodePrompts } from "../../daemon/diffusion/encode-prompts.ts";
import { buildNoiseSchedule, signalAndNoise } from "../../daemon/diffusion/noise-schedule.ts";
import { createScheduler } from "../../daemon/diffusion/schedulers/schedulers.ts";
import { encodeTokens, endTokenIndex } from "../../daemon/diffusion/text-encoder.ts";
import { unet } from "../../daemon/diffusion/unet.ts";
import { decodeLatents, encodeImage } from "../../daemon/diffusion/vae.ts";
import { float32 } from "../../daemon/engine/graph/tensor.ts";
import { input, type Value } from "../../daemon/engine/graph/value.ts";
import { reduceMean } from "../../daemon/engine/ops/reduction.ts";
import { fileWeights, within } from "../../daemon/nn/weights.ts";
import { createSampler } from "../../daemon/sampling/sampler.ts";
import { addNoise, rowwiseLoss, trainingTarget } from "../../daemon/training/diffusion-loss.ts";
import { cpu, runGraph } from "../support/run-graph.ts";
import type { ReferenceArray, ReferenceCase } from "./reference-case.ts";

export function loadModel({ folder }: ReferenceCase): Promise<DiffusionModel> {
  return loadDiffusionModel(folder, cpu);
}

export async function text(reference: ReferenceCase, model: DiffusionModel): Promise<void> {
  const ids = reference.ids("text.input_ids");
  const { config, file } = model.textEncoder;
  const embeds = encodeTokens(fileWeights(file), config, input("tokenIds", ids.shape, "i64"));
  const states = (await runGraph({ embeds }, { tokenIds: ids })).embeds!.data as Float32Array;
  reference.compare("text.last_hidden_state", states);
  const [rows, tokens] = ids.shape as [number, number];
  const width = states.length / rows / tokens;
  const pooled = Array.from({ length: rows }, (_, row) => {
    const rowIds = [...reference.array("text.input_ids").data.slice(row * tokens, (row + 1) * tokens)];
    const start = (row * tokens + endTokenIndex(rowIds, model.textEncoder.config)) * width;
    return [...states.slice(start, start + width)];
  });
  reference.compare("text.pooled", pooled.flat());
}

async function runUNet(model: DiffusionModel, reference: ReferenceCase, stem: string, fused?: AdapterWeights) {
  const [sample, embeds, timesteps] = ["sample", "text", "timesteps"].map((name) =>
    reference.array(`${stem}.${name}`),
  ) as [ReturnType<ReferenceCase["array"]>, ReturnType<ReferenceCase["array"]>, ReturnType<ReferenceCase["array"]>];
  return predict(model, { sample, embeds, timesteps }, fused);
}

type UNetArrays = Readonly<Record<"sample" | "embeds" | "timesteps", ReturnType<ReferenceCase["array"]>>>;

async function predict(model: DiffusionModel, { sample, embeds, timesteps }: UNetArrays, fused?: AdapterWeights) {
  const base = fileWeights(model.unet.file);
  const inputs = {
    latents: input("latents", sample.shape),
    timesteps: input("timesteps", timesteps.shape),
    promptEmbeds: input("promptEmbeds", embeds.shape),
  };
  const feeds = {
    latents: float32(sample.data, sample.shape),
    timesteps: float32(timesteps.data, timesteps.shape),
    promptEmbeds: float32(embeds.data, embeds.shape),
  };
  if (fused === undefined) {
    return (await runGraph({ out: unet(base, model.unet.config, inputs) }, feeds)).out!.data as Float32Array;
  }
  const layout = layoutOf(fused);
  const rows = sample.shape[0]!;
  const packed = packedFromLora(layout, fused);
  const weights = adaptedWeights(base, unpackLora(layout, input("fusions", [rows, packed.length])), 1);
  const repeated = Float32Array.from({ length: rows * packed.length }, (_, index) => packed[index % packed.length]!);
  const results = await runGraph(
    { out: unet(weights, model.unet.config, inputs) },
    { ...feeds, fusions: float32(repeated, [rows, packed.length]) },
  );
  return results.out!.data as Float32Array;
}

export async function unetForward(reference: ReferenceCase, model: DiffusionModel): Promise<void> {
  for (const stem of ["unet", "unet.rect", "unet.odd"]) {
    reference.compare(`${stem}.out`, await runUNet(model, reference, stem));
  }
  const first = (name: string) => {
    const { shape, data } = reference.array(name);
    return { shape: [1, ...shape.slice(1)], data: data.slice(0, data.length / shape[0]!) };
  };
  const arrays = {
    sample: first("unet.sample"),
    embeds: first("unet.text"),
    timesteps: reference.array("unet.fractional.timesteps"),
  };
  reference.compare("unet.fractional.out", await predict(model, arrays));
}

export async function autoencoder(reference: ReferenceCase, model: DiffusionModel): Promise<void> {
  const { config, file } = model.vae;
  for (const stem of ["vae", "vae.rect"]) {
    const image = reference.array(`${stem}.image`);
    const { mean, logVariance } = encodeImage(fileWeights(file), config, input("image", image.shape));
    const encoded = await runGraph({ mean, logVariance }, { image: float32(image.data, image.shape) });
    const logvar = (encoded.logVariance!.data as Float32Array).map((value) => Math.min(20, Math.max(-30, value)));
    reference.compare(`${stem}.mean`, encoded.mean!.data as Float32Array);
    reference.compare(`${stem}.logvar`, logvar);
    if (stem === "vae") {
      const draw = reference.array("vae.posterior_noise").data;
      const latents = (encoded.mean!.data as Float32Array).map(
        (value, index) => (value + Math.exp(logvar[index]! / 2) * draw[index]!) * config.scalingFactor,
      );
      reference.compare("vae.latents", latents);
    }
    const z = reference.array(`${stem}.z`);
    const scaled = z.data.map((value) => value / config.scalingFactor);
    const picture = decodeLatents(fileWeights(file), config, input("z", z.shape));
    const decoded = await runGraph({ picture }, { z: float32(scaled, z.shape) });
    reference.compare(`${stem}.decoded`, decoded.picture!.data as Float32Array);
  }
}

export async function noise(reference: ReferenceCase, model: DiffusionModel): Promise<void> {
  const schedule = buildNoiseSchedule(model.scheduler);
  const [latents, draws, prediction] = ["latents", "noise", "prediction"].map((name) =>
    reference.array(`noise.${name}`),
  ) as [ReferenceArray, ReferenceArray, ReferenceArray];
  const factors = [...reference.array("noise.timesteps").data].map((timestep) => signalAndNoise(schedule, timestep));
  const { shape } = latents;
  const scale = (name: string) => input(name, [factors.length, 1, 1, 1]);
  const scales = { signalScale: scale("signalScale"), noiseScale: scale("noiseScale") };
  const noised = { latents: input("latents", shape), noise: input("noise", shape), ...scales };
  const velocity = trainingTarget(noised, "v_prediction");
  const predicted = input("prediction", shape);
  const loss = (target: Value) => reduceMean(rowwiseLoss(predicted, target), [0]);
  const outputs = {
    "noise.noisy": addNoise(noised),
    "noise.velocity": velocity,
    "noise.loss.epsilon": loss(trainingTarget(noised, "epsilon")),
    "noise.loss.v_prediction": loss(velocity),
  };
  const made = await runGraph(outputs, {
    latents: float32(latents.data, shape),
    noise: float32(draws.data, shape),
    prediction: float32(prediction.data, shape),
    signalScale: float32(
      Float32Array.from(factors, ({ signal }) => signal),
      scales.signalScale.shape,
    ),
    noiseScale: float32(
      Float32Array.from(factors, ({ noise }) => noise),
      scales.noiseScale.shape,
    ),
  });
  for (const name of Object.keys(outputs)) reference.compare(name, made[name]!.data as Float32Array);
}

function layoutOf(fused: AdapterWeights): LoraLayout {
  return loraLayout(fused.modules[0]!.rank, fused.modules);
}

export async function fusion(reference: ReferenceCase, model: DiffusionModel): Promise<void> {
  const modules = {
    unet: layerNames(model.unet.file.tensors),
    textEncoder: layerNames(model.textEncoder.file.tensors),
  };
  const read = (name: string) => readAdapter(join(reference.folder, "lora", `${name}.safetensors`), modules);
  const load = async (name: string) => (await read(name)).unet;
  for (const name of adapterFiles) {
    const { unet, textEncoder } = await read(name);
    reference.compare(`fuse.${name}.out`, await runUNet(model, reference, "unet", alone(unet)));
    const text = `fuse.${name}.text`;
    if (reference.names.includes(text))
      reference.compare(text, await encodeAdapted(reference, model, alone(textEncoder)));
  }
  for (const [set, weights] of Object.entries(reference.file.fuse)) {
    const parts: FusionPart[] = [];
    for (const [index, name] of [...set].entries()) parts.push({ adapter: await load(name), weight: weights[index]! });
    const fused = fuseAdapters(parts, fusedRank(parts));
    reference.compare(`fuse.${set}.out`, await runUNet(model, reference, "unet", fused));
    const { latents, picture } = await sample(reference, model, { scheduler: "ddim", steps: 10, guidance: 2, fused });
    reference.compare(`fuse.${set}.latents`, latents);
    if (reference.names.includes(`fuse.${set}.image`)) reference.compare(`fuse.${set}.image`, await picture());
  }
}

const adapterFiles = ["a", "b", "c", "c-without-metadata", "a-script", "a-kohya", "c-kohya", "joint", "joint-old-keys"];

/** The fusion of one adapter: alpha is in the matrices. */
export function alone(adapter: AdapterWeights): AdapterWeights {
  const parts = [{ adapter, weight: 1 }];
  return fuseAdapters(parts, fusedRank(parts));
}

/** The text encoder's output on the joint case's prompts, with an adapter. */
export async function encodeAdapted(reference: ReferenceCase, model: DiffusionModel, fused: AdapterWeights) {
  const { config, file } = model.textEncoder;
  const stored = fileWeights(file);
  const plain = stored.has("text_model.final_layer_norm.weight") ? within(stored, "text_model") : stored;
  const layout = layoutOf(fused);
  const packed = packedFromLora(layout, fused);
  const weights = adaptedWeights(plain, unpackLora(layout, input("fusions", [1, packed.length])), 1);
  const ids = reference.ids("joint.input_ids");
  const out = encodeTokens(weights, config, input("tokenIds", ids.shape, "i64"));
  const results = await runGraph({ out }, { tokenIds: ids, fusions: float32(packed, [1, packed.length]) });
  return results.out!.data as Float32Array;
}

type SampleRun = {
  readonly scheduler: string;
  readonly steps: number;
  readonly guidance: number;
  readonly fused?: AdapterWeights;
  /** Instead of the one in the scheduler's file. */
  readonly predictionType?: PredictionType;
};

export async function sample(
  reference: ReferenceCase,
  model: DiffusionModel,
  { scheduler: name, steps, guidance, fused, predictionType }: SampleRun,
) {
  const start = reference.array("sample.noise");
  const { sample_prompt: prompt, negative_prompt: negative } = reference.file;
  const embeds = await encodePrompts(model, [prompt, negative]);
  const layout = fused === undefined ? undefined : layoutOf(fused);
  const resolution = start.shape[3]! * 2 ** (model.vae.config.blockOutChannels.length - 1);
  const sampler = await createSampler(model, { rows: 1, resolution, guidanceScale: guidance, layout });
  const { path: file, json } = await readJsonFile(join(reference.folder, "schedulers", name, "scheduler_config.json"));
  const change = predictionType === undefined ? {} : { prediction_type: predictionType };
  const config = readSchedulerConfig({ path: file, json: { ...json, ...change } });
  const path: number[] = [];
  const [latents] = await sampler.denoise(
    [
      {
        noise: start.data,
        promptEmbeds: embeds.get(prompt)!,
        negativeEmbeds: embeds.get(negative)!,
        fusion: layout === undefined ? undefined : packedFromLora(layout, fused!),
      },
    ],
    createScheduler(config, undefined, steps),
    { onStep: (now) => path.push(...now) },
  );
  const picture = async () =>
    (await sampler.decode(latents!)).map((value) => Math.min(1, Math.max(0, value / 2 + 0.5)));
  return { latents: latents!, path, picture };
}

/** Schedulers this version builds. */
export const builtSchedulers = ["ddim", "pndm", "dpm", "dpm-karras", "euler"];

export async function sampling(reference: ReferenceCase, model: DiffusionModel): Promise<void> {
  for (const { scheduler, steps, guidance_scale: guidance } of reference.file.sampling) {
    if (!builtSchedulers.includes(scheduler)) continue;
    const stem = `sample.${scheduler}.${steps}.cfg${guidance.toFixed(1)}`;
    const run = await sample(reference, model, { scheduler, steps, guidance });
    reference.compare(`${stem}.latents`, run.latents);
    if (reference.names.includes(`${stem}.path`)) reference.compare(`${stem}.path`, run.path);
    if (reference.names.includes(`${stem}.image`)) reference.compare(`${stem}.image`, await run.picture());
  }
}

export async function schedules(reference: ReferenceCase): Promise<void> {
  for (const name of builtSchedulers) {
    const config = readSchedulerConfig(
      await readJsonFile(join(reference.folder, "schedulers", name, "scheduler_config.json")),
    );
    for (const steps of reference.file.schedule_steps) {
      const scheduler = createScheduler(config, undefined, steps);
      const stem = `schedule.${name}.${steps}`;
      reference.compare(`${stem}.timesteps`, scheduler.timesteps);
      reference.compare(`${stem}.init_noise_sigma`, [scheduler.initNoiseSigma]);
      if (0 < scheduler.sigmas.length) reference.compare(`${stem}.sigmas`, scheduler.sigmas);
    }
  }
}
