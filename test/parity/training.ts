/** The trainings of a reference case: of the U-Net alone, and of U-Net and text encoder together. */
import {
  type Adapter,
  type AdapterNetwork,
  type AdapterWeights,
  adapterNetworks,
} from "../../daemon/adapters/adapter-weights.ts";
import { loraLayout } from "../../daemon/adapters/lora.ts";
import { diffusersPrefixes } from "../../daemon/adapters/module-names.ts";
import { type AdapterLayouts, packedFromAdapter } from "../../daemon/adapters/packed-adapter.ts";
import { findTargetModules, findTextTargetModules } from "../../daemon/adapters/targets.ts";
import type { DiffusionModel } from "../../daemon/diffusion/diffusion-model.ts";
import type { TrainingState } from "../../daemon/optim/training-state.ts";
import { createTrainer, type StepDraw } from "../../daemon/training/trainer.ts";
import { alone, encodeAdapted } from "./networks.ts";
import type { ReferenceArray, ReferenceCase } from "./reference-case.ts";

export async function training(reference: ReferenceCase, model: DiffusionModel): Promise<void> {
  for (const start of ["warm", "zero", "second"] as const) {
    const { trainer, initial, step: runStep } = await caseTraining(reference, model, start);
    let state = initial;
    const record = { loss: [] as number[], grad_norm: [] as number[], lr: [] as number[] };
    for (let step = 0; step < reference.file.train.steps; step += 1) {
      const result = await runStep(state);
      if (step === 0 && start !== "second") reference.compareGroup(`train.${start}.grad`, result.gradients);
      state = result.state;
      record.loss.push(result.losses[0]!);
      record.grad_norm.push(result.gradNorms[0]!);
      record.lr.push(result.learningRate);
      const saved = `train.${start}.step${step + 1}`;
      if (reference.names.some((name) => name.startsWith(`${saved}.`))) {
        reference.compareGroup(saved, tensorsOf(trainer.adapters(state)[0]!), `train.${start}.init`);
      }
    }
    for (const [name, values] of Object.entries(record)) reference.compare(`train.${start}.${name}`, values);
    await trainer.release();
  }
}

/** One of the case's trainings: its trainer, its first state, and its steps with the case's own draws. */
export async function caseTraining(reference: ReferenceCase, model: DiffusionModel, start: "warm" | "zero" | "second") {
  const { train, unet_lora: lora } = reference.file;
  const unet = loraLayout(lora.r, findTargetModules(model.unet.file.tensors, ["to_q", "to_k", "to_v", "to_out.0"]));
  const latents = reference.array("train.latents");
  const text = reference.array("train.text").data;
  const trainer = await createTrainer(model, {
    ...trainingOptions(reference, model, latents, train.max_grad_norm[start]!),
    examplesPerStep: 1,
    layouts: { unet },
    alpha: lora.lora_alpha,
  });
  const adapter = adapterFrom(reference, `train.${start}.init`, { unet }, lora.lora_alpha);
  const parameters = packedFromAdapter({ unet }, adapter);
  const zeros = new Float32Array(parameters.length);
  const initial: TrainingState = { step: 0, parameters, firstMoment: zeros, secondMoment: zeros };
  const step = async (state: TrainingState) => {
    const size = latents.data.length / train.steps;
    const part = (name: string) => reference.array(name).data.slice(state.step * size, (state.step + 1) * size);
    const timestep = reference.array("train.timesteps").data[state.step]!;
    const prompt = { promptEmbeds: text, tokenIds: new BigInt64Array() };
    const draw = { prompt, latents: part("train.latents"), noise: part("train.noise"), timestep };
    const result = await trainer.stepWith([draw], state);
    const gradients = tensorsOf(trainer.adapters({ ...state, parameters: result.gradient })[0]!);
    return { ...result, gradients };
  };
  return { trainer, initial, step };
}

/** What is common to the case's trainings. */
function trainingOptions(
  { file: { train } }: ReferenceCase,
  model: DiffusionModel,
  latents: ReferenceArray,
  maxGradNorm: number,
) {
  return {
    rows: 1,
    resolution: latents.shape[3]! * 2 ** (model.vae.config.blockOutChannels.length - 1),
    adamW: { beta1: train.betas[0], beta2: train.betas[1], epsilon: train.eps, weightDecay: train.weight_decay },
    maxGradNorm,
    lrSchedule: { name: "cosine", learningRate: train.lr, warmupSteps: train.warmup_steps, steps: train.steps },
  } as const;
}

function adapterFrom(reference: ReferenceCase, prefix: string, layouts: AdapterLayouts, alpha: number): Adapter {
  const weights = (network: AdapterNetwork): AdapterWeights => {
    const { rank, targets } = layouts[network] ?? { rank: 0, targets: [] };
    const modules = targets.map((target) => ({
      ...target,
      rank,
      alpha,
      a: reference.array(`${prefix}.${diffusersPrefixes[network]}${target.name}.lora_A.weight`).data,
      b: reference.array(`${prefix}.${diffusersPrefixes[network]}${target.name}.lora_B.weight`).data,
    }));
    return { modules };
  };
  return { unet: weights("unet"), textEncoder: weights("textEncoder") };
}

function tensorsOf(adapter: Adapter): ReadonlyMap<string, Float32Array> {
  return new Map(
    adapterNetworks.flatMap((network) =>
      adapter[network].modules.flatMap(({ name, a, b }) => [
        [`${diffusersPrefixes[network]}${name}.lora_A.weight`, a] as const,
        [`${diffusersPrefixes[network]}${name}.lora_B.weight`, b] as const,
      ]),
    ),
  );
}

/** Both networks adapted at once, and one adapter that sees the case's two examples in one step. */
export async function joint(reference: ReferenceCase, model: DiffusionModel): Promise<void> {
  const { train, joint_lora: lora } = reference.file;
  const layouts = {
    unet: loraLayout(lora.unet.r, findTargetModules(model.unet.file.tensors, lora.unet.target_modules)),
    textEncoder: loraLayout(
      lora.text_encoder.r,
      findTextTargetModules(model.textEncoder.file.tensors, lora.text_encoder.target_modules),
    ),
  };
  const alpha = lora.unet.lora_alpha;
  const latents = reference.array("joint.latents");
  const trainer = await createTrainer(model, {
    ...trainingOptions(reference, model, latents, train.max_grad_norm.warm!),
    examplesPerStep: latents.shape[0]!,
    layouts,
    alpha,
  });
  const adapter = adapterFrom(reference, "joint.init", layouts, alpha);
  const parameters = packedFromAdapter(layouts, adapter);
  const zeros = new Float32Array(parameters.length);
  const state = { step: 0, parameters, firstMoment: zeros, secondMoment: zeros };
  const result = await trainer.stepWith(jointDraws(reference), state);
  const [gradient] = trainer.adapters({ ...result.state, parameters: result.gradient });
  await trainer.release();
  reference.compare("joint.loss", result.losses);
  reference.compareGroup("joint.grad", tensorsOf(gradient!));
  reference.compare("joint.text", await encodeAdapted(reference, model, alone(adapter.textEncoder)));
}

/** The case's two examples, each with its own prompt. */
function jointDraws(reference: ReferenceCase): readonly StepDraw[] {
  const ids = reference.ids("joint.input_ids");
  const timesteps = [...reference.array("joint.timesteps").data];
  const part = <Data extends { slice: (start: number, end: number) => Data; length: number }>(
    data: Data,
    row: number,
  ) => data.slice((row * data.length) / timesteps.length, ((row + 1) * data.length) / timesteps.length);
  return timesteps.map((timestep, row) => ({
    prompt: { promptEmbeds: new Float32Array(), tokenIds: part(ids.data as BigInt64Array, row) },
    latents: part(reference.array("joint.latents").data, row),
    noise: part(reference.array("joint.noise").data, row),
    timestep,
  }));
}
