/** Configs: each key is honored or refused by name; absent ones have the defaults of diffusers and transformers. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ErrorCode, LoftError } from "../../../../daemon/base/errors.ts";
import type { JsonRecord } from "../../../../daemon/checkpoint/diffusers-folder.ts";
import {
  readDdimConfig,
  readDpmSolverConfig,
  readEulerConfig,
  readPndmConfig,
  readSchedulerConfig,
} from "../../../../daemon/diffusion/configs/scheduler-config.ts";
import { readTextEncoderConfig } from "../../../../daemon/diffusion/configs/text-encoder-config.ts";
import { readUNetConfig } from "../../../../daemon/diffusion/configs/unet-config.ts";
import { readVaeConfig, vaeStride } from "../../../../daemon/diffusion/configs/vae-config.ts";
import { loftErrorOf } from "../../../support/loft-error.ts";
import { referenceJson } from "../../../support/reference.ts";

const readers = {
  unet: readUNetConfig,
  vae: readVaeConfig,
  text_encoder: readTextEncoderConfig,
  scheduler: readSchedulerConfig,
  ddim: readDdimConfig,
  dpm: readDpmSolverConfig,
  pndm: readPndmConfig,
  euler: readEulerConfig,
} as const;
type Kind = keyof typeof readers;

const own: Record<Kind, JsonRecord> = {
  unet: referenceJson("mini-tiny", "unet", "config.json"),
  vae: referenceJson("mini-tiny", "vae", "config.json"),
  text_encoder: referenceJson("mini-tiny", "text_encoder", "config.json"),
  scheduler: referenceJson("mini-tiny", "scheduler", "scheduler_config.json"),
  ddim: referenceJson("mini-tiny", "schedulers", "ddim", "scheduler_config.json"),
  dpm: { ...referenceJson<JsonRecord>("mini-tiny", "scheduler", "scheduler_config.json"), solver_order: 3 },
  pndm: referenceJson("mini-tiny", "schedulers", "pndm", "scheduler_config.json"),
  euler: referenceJson("mini-tiny", "schedulers", "euler", "scheduler_config.json"),
};

function read(kind: Kind, json: JsonRecord): unknown {
  return readers[kind]({ path: `${kind}.json`, json });
}

describe("configs as they occur", () => {
  it("mini-tiny's UNet", () => {
    expect(read("unet", own.unet)).toEqual({
      sampleSize: 8,
      inChannels: 16,
      outChannels: 16,
      downBlockTypes: ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
      midBlockType: "UNetMidBlock2DCrossAttn",
      upBlockTypes: ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
      blockOutChannels: [32, 48],
      layersPerBlock: [1, 1],
      transformerLayersPerBlock: [1, 1],
      crossAttentionDim: 32,
      attentionHeads: [2, 3],
      normNumGroups: 8,
      normEps: 1e-5,
      useLinearProjection: true,
      flipSinToCos: true,
      freqShift: 0,
      downsamplePadding: 1,
    });
  });

  it("mini-tiny's VAE", () => {
    const config = readVaeConfig({ path: "vae.json", json: own.vae });
    expect(config).toEqual({
      sampleSize: 64,
      inChannels: 3,
      outChannels: 3,
      latentChannels: 16,
      blockOutChannels: [8, 8, 16, 16],
      layersPerBlock: 1,
      normNumGroups: 4,
      scalingFactor: 0.6,
      shiftFactor: null,
      useQuantConv: true,
      usePostQuantConv: true,
      midBlockAddAttention: true,
    });
    expect(vaeStride(config)).toBe(8);
  });

  it("mini-tiny's text encoder", () => {
    expect(read("text_encoder", own.text_encoder)).toEqual({
      vocabSize: 714,
      hiddenSize: 32,
      intermediateSize: 128,
      layerCount: 2,
      attentionHeads: 4,
      maxPositionEmbeddings: 24,
      hiddenAct: "gelu",
      layerNormEps: 1e-5,
      bosTokenId: 712,
      eosTokenId: 713,
      padTokenId: 713,
    });
  });

  it("mini-tiny's scheduler, as each class", () => {
    const noise = {
      numTrainTimesteps: 1000,
      betaStart: 0.00085,
      betaEnd: 0.012,
      betaSchedule: "scaled_linear",
      trainedBetas: null,
      predictionType: "epsilon",
    };
    expect(read("scheduler", own.scheduler)).toMatchObject({ className: "DDIMScheduler", ...noise });
    expect(read("ddim", own.ddim)).toEqual({
      ...noise,
      timestepSpacing: "leading",
      stepsOffset: 1,
      setAlphaToOne: false,
      clipSampleRange: null,
    });
    expect(read("dpm", own.dpm)).toEqual({
      ...noise,
      timestepSpacing: "leading",
      stepsOffset: 1,
      algorithmType: "dpmsolver++",
      solverOrder: 3,
      solverType: "midpoint",
      lowerOrderFinal: true,
      eulerAtFinal: false,
      useKarrasSigmas: false,
      finalSigmasType: "zero",
      lambdaMinClipped: Number.NEGATIVE_INFINITY,
    });
    expect(read("pndm", own.pndm)).toEqual({
      ...noise,
      timestepSpacing: "leading",
      stepsOffset: 1,
      setAlphaToOne: false,
    });
    expect(read("euler", own.euler)).toEqual({
      ...noise,
      timestepSpacing: "linspace",
      stepsOffset: 1,
      useKarrasSigmas: false,
      finalSigmasType: "zero",
    });
  });

  it("a UNet with one number of heads for all levels, as Stable Diffusion 1.5 publishes it", () => {
    const json = {
      _class_name: "UNet2DConditionModel",
      _diffusers_version: "0.6.0",
      act_fn: "silu",
      attention_head_dim: 8,
      block_out_channels: [320, 640, 1280, 1280],
      center_input_sample: false,
      cross_attention_dim: 768,
      down_block_types: ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
      downsample_padding: 1,
      flip_sin_to_cos: true,
      freq_shift: 0,
      in_channels: 4,
      layers_per_block: 2,
      mid_block_scale_factor: 1,
      norm_eps: 1e-5,
      norm_num_groups: 32,
      out_channels: 4,
      sample_size: 64,
      up_block_types: ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
    };
    expect(read("unet", json)).toMatchObject({
      attentionHeads: [8, 8, 8, 8],
      layersPerBlock: [2, 2, 2, 2],
      useLinearProjection: false,
      crossAttentionDim: 768,
    });
  });

  it("defaults of diffusers and transformers for empty files", () => {
    expect(read("unet", {})).toMatchObject({
      blockOutChannels: [320, 640, 1280, 1280],
      attentionHeads: [8, 8, 8, 8],
      crossAttentionDim: 1280,
      sampleSize: null,
    });
    expect(read("vae", {})).toMatchObject({
      blockOutChannels: [64],
      scalingFactor: 0.18215,
      normNumGroups: 32,
      layersPerBlock: 1,
    });
    expect(read("text_encoder", {})).toMatchObject({
      vocabSize: 49408,
      hiddenSize: 512,
      hiddenAct: "quick_gelu",
      padTokenId: 1,
    });
    expect(read("ddim", {})).toMatchObject({
      betaStart: 0.0001,
      betaEnd: 0.02,
      betaSchedule: "linear",
      timestepSpacing: "leading",
      stepsOffset: 0,
      setAlphaToOne: true,
      clipSampleRange: 1,
    });
    expect(read("dpm", {})).toMatchObject({ timestepSpacing: "linspace", solverOrder: 2, lowerOrderFinal: true });
  });
});

const refusals: readonly (readonly [Kind, JsonRecord, ErrorCode])[] = [
  ["unet", { brand_new_key: 3 }, "model-config-unsupported"],
  ["unet", { _class_name: "UNet3DConditionModel" }, "model-config-unsupported"],
  ["unet", { act_fn: "gelu" }, "model-config-unsupported"],
  ["unet", { down_block_types: ["CrossAttnDownBlock2D", "AttnDownBlock2D"] }, "model-config-unsupported"],
  ["unet", { down_block_types: ["CrossAttnDownBlock2D"] }, "model-config-unsupported"],
  ["unet", { mid_block_type: null }, "model-config-unsupported"],
  ["unet", { num_attention_heads: 4 }, "model-config-unsupported"],
  ["unet", { attention_head_dim: 5 }, "model-config-unsupported"],
  ["unet", { attention_head_dim: [2, 3, 4] }, "model-config-invalid"],
  ["unet", { addition_embed_type: "text_time" }, "model-config-unsupported"],
  ["unet", { only_cross_attention: [false, true] }, "model-config-unsupported"],
  ["unet", { transformer_layers_per_block: [[1], [2]] }, "model-config-invalid"],
  ["unet", { cross_attention_dim: "768" }, "model-config-invalid"],
  ["unet", { norm_num_groups: 7 }, "model-config-unsupported"],
  ["unet", { norm_num_groups: null }, "model-config-invalid"],
  ["unet", { norm_eps: 0 }, "model-config-invalid"],
  ["unet", { sample_size: [8, 8] }, "model-config-invalid"],
  ["unet", { time_embedding_type: "fourier" }, "model-config-unsupported"],
  ["unet", { block_out_channels: [] }, "model-config-invalid"],
  ["vae", { shift_factor: 0.1 }, "model-config-unsupported"],
  ["vae", { latents_mean: [0] }, "model-config-unsupported"],
  ["vae", { scaling_factor: "0.2" }, "model-config-invalid"],
  ["vae", { down_block_types: ["DownEncoderBlock2D"] }, "model-config-unsupported"],
  ["vae", { surprise: true }, "model-config-unsupported"],
  ["text_encoder", { hidden_act: "relu" }, "model-config-unsupported"],
  ["text_encoder", { model_type: "bert" }, "model-config-unsupported"],
  ["text_encoder", { num_attention_heads: 5 }, "model-config-unsupported"],
  ["text_encoder", { vocab_size: 1.5 }, "model-config-invalid"],
  ["text_encoder", { quantization_config: {} }, "model-config-unsupported"],
  ["scheduler", { _class_name: "FlowMatchEulerDiscreteScheduler" }, "model-config-unsupported"],
  ["scheduler", { prediction_type: "sample" }, "model-config-unsupported"],
  ["scheduler", { trained_betas: [0.1, 0.2] }, "model-config-unsupported"],
  ["scheduler", { rescale_betas_zero_snr: true }, "model-config-unsupported"],
  ["scheduler", { beta_end: 1 }, "model-config-unsupported"],
  ["scheduler", { beta_schedule: "sigmoid" }, "model-config-unsupported"],
  ["scheduler", { solver_p: null }, "model-config-unsupported"],
  ["ddim", { thresholding: true }, "model-config-unsupported"],
  ["ddim", { steps_offset: -1 }, "model-config-invalid"],
  ["dpm", { algorithm_type: "sde-dpmsolver++" }, "model-config-unsupported"],
  ["dpm", { solver_order: 4 }, "model-config-unsupported"],
  ["dpm", { solver_type: "bh2" }, "model-config-unsupported"],
  ["dpm", { use_lu_lambdas: true }, "model-config-unsupported"],
  ["dpm", { sigma_min: 0.1 }, "model-config-unsupported"],
  ["dpm", { use_karras_sigmas: true, final_sigmas_type: "sigma_min" }, "model-config-unsupported"],
  ["dpm", { lambda_min_clipped: "low" }, "model-config-invalid"],
  ["pndm", { skip_prk_steps: false }, "model-config-unsupported"],
  ["pndm", { skip_prk_steps: 1 }, "model-config-invalid"],
  ["pndm", { set_alpha_to_one: "no" }, "model-config-invalid"],
  ["pndm", { timestep_spacing: "karras" }, "model-config-unsupported"],
  ["pndm", { prediction_type: "sample" }, "model-config-unsupported"],
  ["euler", { interpolation_type: "log_linear" }, "model-config-unsupported"],
  ["euler", { timestep_type: "continuous" }, "model-config-unsupported"],
  ["euler", { use_exponential_sigmas: true }, "model-config-unsupported"],
  ["euler", { sigma_max: 80 }, "model-config-unsupported"],
  ["euler", { final_sigmas_type: "one" }, "model-config-unsupported"],
];

describe("configs that are refused", () => {
  it.each(refusals)("%s %j", async (kind, change, code) => {
    const error = await loftErrorOf(() => read(kind, { ...own[kind], ...change }), code);
    expect(error.what).toContain(`${kind}.json`);
    expect(error.what).toContain(`"${Object.keys(change).at(-1)}"`);
  });

  it("names all unknown keys at once", async () => {
    const error = await loftErrorOf(() => read("vae", { ...own.vae, first: 1, second: "x" }));
    expect(error.what).toMatch(/"first": 1, "second": "x"/);
  });

  it.each(Object.keys(readers) as Kind[])("%s: any value of any key is read or refused, never a crash", (kind) => {
    const key = fc.constantFrom(...Object.keys(own[kind]));
    fc.assert(
      fc.property(key, fc.jsonValue(), (name, value) => {
        try {
          read(kind, { ...own[kind], [name]: value });
        } catch (error) {
          expect(error).toBeInstanceOf(LoftError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
