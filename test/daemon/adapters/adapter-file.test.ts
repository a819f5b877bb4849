/** Adapters on disk: what other tools wrote is read, what we write comes back bit for bit, anything else is refused by name. */
import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AdapterFileOptions, readAdapter, writeAdapter } from "../../../daemon/adapters/adapter-file.ts";
import type { Adapter, AdapterModule } from "../../../daemon/adapters/adapter-weights.ts";
import { unetAdapter } from "../../../daemon/adapters/adapter-weights.ts";
import { writeKohyaAdapter } from "../../../daemon/adapters/kohya-file.ts";
import { writePeftAdapter } from "../../../daemon/adapters/peft-file.ts";
import { layerNames } from "../../../daemon/adapters/targets.ts";
import {
  type CheckpointTensor,
  readSafetensorsHeader,
  readTensors,
  toFloat32,
  writeSafetensors,
} from "../../../daemon/checkpoint/safetensors.ts";
import { loftErrorOf } from "../../support/loft-error.ts";
import { referencePath } from "../../support/reference.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const lora = (name: string) => referencePath("mini-tiny", "lora", `${name}.safetensors`);

async function referenceModules() {
  const unet = await readSafetensorsHeader(referencePath("mini-tiny", "unet", "diffusion_pytorch_model.safetensors"));
  const text = await readSafetensorsHeader(referencePath("mini-tiny", "text_encoder", "model.safetensors"));
  return { unet: layerNames(unet.tensors), textEncoder: layerNames(text.tensors) };
}

/** Two networks, ranks and alphas that differ, a 1x1 convolution, and numbers that float16 cannot hold. */
const mixed: Adapter = {
  unet: {
    modules: [
      pair("down_blocks.0.attn.to_q", 3, 1, { rank: 2, alpha: 1.5 }),
      pair("down_blocks.0.attn2.q", 2, 2, { rank: 1, alpha: 8 }),
      { ...pair("mid_block.proj_in", 2, 3, { rank: 2, alpha: 2 }), pointwise: true },
      pair("mid_block.to_out.0", 1, 2, { rank: 2, alpha: 0.1 }),
    ],
  },
  textEncoder: {
    modules: [
      pair("encoder.layers.0.q_proj", 4, 4, { rank: 3, alpha: 3 }),
      pair("encoder.layers.1.q_proj", 4, 4, { rank: 3, alpha: 6 }),
    ],
  },
};
const small = unetAdapter({ modules: mixed.unet.modules.slice(0, 1) });

type Scaling = Pick<AdapterModule, "rank" | "alpha">;

function pair(name: string, inFeatures: number, outFeatures: number, { rank, alpha }: Scaling): AdapterModule {
  const values = (count: number) => Float32Array.from({ length: count }, (_, index) => Math.sin(1 + index) / 3);
  return { name, inFeatures, outFeatures, rank, alpha, a: values(rank * inFeatures), b: values(outFeatures * rank) };
}

function namesOf(adapter: Adapter) {
  const names = (network: keyof Adapter) => adapter[network].modules.map(({ name }) => name);
  return { unet: names("unet"), textEncoder: names("textEncoder") };
}

function matrix(rows: number, columns: number, dtype: "F32" | "I32" = "F32"): CheckpointTensor {
  const data = dtype === "F32" ? new Float32Array(rows * columns) : new Int32Array(rows * columns);
  return { dtype, shape: [rows, columns], data };
}

describe("reading what other tools wrote", () => {
  it.each([
    ["a", 2, 2],
    ["b", 2, 2],
    ["c", 4, 2],
    ["c-without-metadata", 4, 4],
  ])("%s: rank %i, alpha %i", async (name, rank, alpha) => {
    const { unet, textEncoder } = await readAdapter(lora(name));
    expect([unet.modules.length, textEncoder.modules.length]).toEqual([56, 0]);
    expect(namesOf({ unet, textEncoder }).unet).toEqual([...namesOf({ unet, textEncoder }).unet].sort());
    const tensors = await readTensors(await readSafetensorsHeader(lora(name)));
    for (const module of unet.modules) {
      expect([module.rank, module.alpha]).toEqual([rank, alpha]);
      expect(module.a).toEqual(toFloat32(tensors.get(`unet.${module.name}.lora_A.weight`)!));
      expect(module.b).toEqual(toFloat32(tensors.get(`unet.${module.name}.lora_B.weight`)!));
      expect([module.a.length, module.b.length]).toEqual([rank * module.inFeatures, module.outFeatures * rank]);
    }
  });

  it.each([
    ["a-script", "a"],
    ["a-kohya", "a"],
    ["c-kohya", "c"],
    ["joint-old-keys", "joint"],
  ])("%s is %s", async (name, same) => {
    const modules = await referenceModules();
    expect(await readAdapter(lora(name), modules)).toEqual(await readAdapter(lora(same), modules));
  });

  it("joint: both networks", async () => {
    const { unet, textEncoder } = await readAdapter(lora("joint"), await referenceModules());
    expect([unet.modules.length, textEncoder.modules.length]).toEqual([56, 8]);
    expect(textEncoder.modules[0]).toMatchObject({ name: "encoder.layers.0.self_attn.k_proj", rank: 4, alpha: 4 });
  });

  it.each<[string, (module: string) => string]>([
    ["attention processors", (name) => `unet.${name.replace(/\.to_(q|k|v|out)(\.0)?$/, ".processor.to_$1_lora")}`],
    ["the first attention processors", (name) => name.replace(/\.to_(q|k|v|out)(\.0)?$/, ".processor.to_$1_lora")],
  ])("%s of older diffusers", async (_, rename) => {
    const path = join(await temporaryFolder(), "old.safetensors");
    const tensors = await readTensors(await readSafetensorsHeader(lora("c-without-metadata")));
    const renamed = [...tensors].map(([key, tensor]) => {
      const [, name, half] = /^unet\.(.+)\.lora_([AB])\.weight$/.exec(key)!;
      return [`${rename(name!)}.${half === "A" ? "down" : "up"}.weight`, tensor] as const;
    });
    await writeSafetensors(path, new Map(renamed));
    expect(await readAdapter(path)).toEqual(await readAdapter(lora("c-without-metadata")));
  });

  it.each<[string, string]>([
    ["to_q_lora", "text_encoder.text_model.encoder.layers.0.self_attn.to_q_lora.%.weight"],
    ["lora_linear_layer", "text_encoder.text_model.encoder.layers.0.self_attn.q_proj.lora_linear_layer.%.weight"],
    ["a training script", "text_encoder.encoder.layers.0.self_attn.q_proj.lora.%.weight"],
  ])("text encoders of older diffusers: %s", async (_, key) => {
    const path = join(await temporaryFolder(), "old.safetensors");
    const halves = { [key.replace("%", "down")]: matrix(2, 3), [key.replace("%", "up")]: matrix(3, 2) };
    await writeSafetensors(path, new Map(Object.entries(halves)));
    const { textEncoder } = await readAdapter(path);
    expect(textEncoder.modules).toMatchObject([{ name: "encoder.layers.0.self_attn.q_proj", rank: 2, alpha: 2 }]);
  });

  it("a configuration of PEFT with patterns", async () => {
    const folder = await temporaryFolder();
    await writePeftAdapter(folder, unetAdapter(mixed.unet), { baseModel: "x" });
    const path = join(folder, "adapter_config.json");
    const config = JSON.parse(await readFile(path, "utf8"));
    const patterns = { "^to_q": 7, "attn\\.to_q": 5, "down_blocks.0.attn2.q$": 6 };
    await writeFile(path, JSON.stringify({ ...config, lora_alpha: 9, alpha_pattern: patterns }));
    const { unet } = await readAdapter(folder);
    expect(unet.modules.map(({ alpha }) => alpha)).toEqual([5, 6, 9, 9]);
  });
});

type Format = readonly [string, (path: string, adapter: Adapter, options?: AdapterFileOptions) => Promise<void>];

const formats: readonly Format[] = [
  ["diffusers", writeAdapter],
  ["PEFT", (path, adapter, options) => writePeftAdapter(path, adapter, { baseModel: "base", ...options })],
  ["kohya", (path, adapter, options) => writeKohyaAdapter(path, adapter, { name: "mine", ...options })],
];

describe.each(formats)("writing as %s", (_, write) => {
  it("comes back the same, bit for bit, and gives the same bytes again", async () => {
    const folder = await temporaryFolder();
    const [one, two] = [join(folder, "1"), join(folder, "2")];
    await write(one, mixed, { metadata: { loft: "{}" } });
    // Alpha is a float32 in kohya's files.
    const read = await readAdapter(one, namesOf(mixed));
    expect(rounded(read)).toEqual(rounded(mixed));
    await write(two, read, { metadata: { loft: "{}" } });
    expect(await bytesUnder(one)).toEqual(await bytesUnder(two));
  });

  it("keeps what other tools wrote", async () => {
    const path = join(await temporaryFolder(), "x");
    const modules = await referenceModules();
    for (const name of ["a", "c", "joint"]) {
      const adapter = await readAdapter(lora(name));
      await rm(path, { recursive: true, force: true });
      await write(path, adapter);
      expect(await readAdapter(path, modules)).toEqual(adapter);
    }
  });

  it("rounds to half precision when asked", async () => {
    const path = join(await temporaryFolder(), "half");
    await write(path, mixed, { dtype: "F16" });
    const read = await readAdapter(path, namesOf(mixed));
    const values = (adapter: Adapter) =>
      [...adapter.unet.modules, ...adapter.textEncoder.modules].flatMap(({ a, b }) => [...a, ...b]);
    const wanted = values(mixed);
    for (const [index, value] of values(read).entries()) {
      expect(Math.abs(value - wanted[index]!)).toBeLessThanOrEqual(2 ** -11 * Math.abs(wanted[index]!));
    }
    expect(values(read)).not.toEqual(wanted);
    expect(namesOf(read)).toEqual(namesOf(mixed));
  });

  it("keeps any adapter", async () => {
    const path = join(await temporaryFolder(), "any");
    await fc.assert(
      fc.asyncProperty(adapters, async (adapter) => {
        await rm(path, { recursive: true, force: true });
        await write(path, adapter);
        expect(await readAdapter(path, namesOf(adapter))).toEqual(adapter);
      }),
      { numRuns: 40 },
    );
  });
});

/** Names of two parts, so that none ends another; alphas that float32 holds. */
const adapters: fc.Arbitrary<Adapter> = fc
  .tuple(modulesOf("down_blocks", 1), modulesOf("encoder.layers", 0))
  .map(([unet, textEncoder]) => ({ unet: { modules: unet }, textEncoder: { modules: textEncoder } }));

function modulesOf(room: string, minLength: number): fc.Arbitrary<AdapterModule[]> {
  const size = fc.integer({ min: 1, max: 4 });
  const matrixOf = (length: number) => fc.float32Array({ minLength: length, maxLength: length, noNaN: true });
  const module = fc
    .record({
      name: fc.stringMatching(/^[a-z][a-z0-9]{0,6}$/).map((name) => `${room}.${name}`),
      inFeatures: size,
      outFeatures: size,
      rank: size,
      alpha: fc.float({ noNaN: true, noDefaultInfinity: true }).map((alpha) => alpha + 0),
    })
    .chain((shape) =>
      fc
        .tuple(matrixOf(shape.rank * shape.inFeatures), matrixOf(shape.outFeatures * shape.rank))
        .map(([a, b]) => ({ ...shape, a, b })),
    );
  return fc
    .uniqueArray(module, { minLength, maxLength: 5, selector: ({ name }) => name })
    .map((modules) => modules.sort((left, right) => (left.name < right.name ? -1 : 1)));
}

function rounded(adapter: Adapter): Adapter {
  const network = (key: keyof Adapter) => ({
    modules: adapter[key].modules.map((module) => ({ ...module, alpha: Math.fround(module.alpha) })),
  });
  return { unet: network("unet"), textEncoder: network("textEncoder") };
}

async function bytesUnder(path: string): Promise<Record<string, string>> {
  const names = await readdir(path, { recursive: true }).catch(() => undefined);
  if (names === undefined) return { "": (await readFile(path)).toString("base64") };
  const files = names.filter((name) => name.includes("."));
  return Object.fromEntries(
    await Promise.all(files.map(async (name) => [name, (await readFile(join(path, name))).toString("base64")])),
  );
}

describe("what other tools look for", () => {
  it("diffusers: keys and metadata", async () => {
    const path = join(await temporaryFolder(), "x");
    await writeAdapter(path, mixed, { targets: { unet: ["to_q", "to_out.0"] } });
    const { metadata, tensors } = await readSafetensorsHeader(path);
    expect(metadata.format).toBe("pt");
    expect(JSON.parse(metadata.lora_adapter_metadata!)).toEqual({
      "unet.alpha_pattern": { "down_blocks.0.attn2.q": 8, "mid_block.proj_in": 2, "mid_block.to_out.0": 0.1 },
      "unet.bias": "none",
      "unet.lora_alpha": 1.5,
      "unet.peft_type": "LORA",
      "unet.r": 2,
      "unet.rank_pattern": { "down_blocks.0.attn2.q": 1 },
      "unet.target_modules": ["to_out.0", "to_q"],
      "text_encoder.alpha_pattern": { "encoder.layers.1.q_proj": 6 },
      "text_encoder.bias": "none",
      "text_encoder.lora_alpha": 3,
      "text_encoder.peft_type": "LORA",
      "text_encoder.r": 3,
      "text_encoder.target_modules": ["encoder.layers.0.q_proj", "encoder.layers.1.q_proj"],
    });
    expect([...tensors].slice(0, 2).map(([key, { shape }]) => [key, shape])).toEqual([
      ["text_encoder.text_model.encoder.layers.0.q_proj.lora_A.weight", [3, 4]],
      ["text_encoder.text_model.encoder.layers.0.q_proj.lora_B.weight", [4, 3]],
    ]);
    expect(tensors.get("unet.mid_block.proj_in.lora_B.weight")!.shape).toEqual([3, 2, 1, 1]);
  });

  it("diffusers: nothing about patterns where there are none", async () => {
    const path = join(await temporaryFolder(), "x");
    await writeAdapter(path, small);
    expect(JSON.parse((await readSafetensorsHeader(path)).metadata.lora_adapter_metadata!)).toEqual({
      "unet.bias": "none",
      "unet.lora_alpha": 1.5,
      "unet.peft_type": "LORA",
      "unet.r": 2,
      "unet.target_modules": ["down_blocks.0.attn.to_q"],
    });
  });

  it("PEFT: one folder for one network, two for both, each with configuration and card", async () => {
    const folder = await temporaryFolder();
    await writePeftAdapter(join(folder, "one"), small, { baseModel: "runwayml/sd", targets: { unet: ["to_q"] } });
    await writePeftAdapter(join(folder, "both"), mixed, { baseModel: "runwayml/sd" });
    const files = ["README.md", "adapter_config.json", "adapter_model.safetensors"];
    expect((await readdir(join(folder, "one"))).sort()).toEqual(files);
    expect((await readdir(join(folder, "both", "unet"))).sort()).toEqual(files);
    expect((await readdir(join(folder, "both", "text_encoder"))).sort()).toEqual(files);
    const { tensors } = await readSafetensorsHeader(join(folder, "one", "adapter_model.safetensors"));
    expect([...tensors.keys()]).toEqual([
      "base_model.model.down_blocks.0.attn.to_q.lora_A.weight",
      "base_model.model.down_blocks.0.attn.to_q.lora_B.weight",
    ]);
    expect(JSON.parse(await readFile(join(folder, "one", "adapter_config.json"), "utf8"))).toMatchObject({
      peft_type: "LORA",
      r: 2,
      lora_alpha: 1.5,
      target_modules: ["to_q"],
      base_model_name_or_path: "runwayml/sd",
      rank_pattern: {},
    });
    const card = await readFile(join(folder, "one", "README.md"), "utf8");
    expect(card).toMatch(/^---\nbase_model: "runwayml\/sd"\nlibrary_name: peft\n/);
  });

  it("kohya: keys, alphas, and a hash over the bytes after the header", async () => {
    const path = join(await temporaryFolder(), "x");
    await writeKohyaAdapter(path, mixed, { name: "mine", baseModel: "base", dtype: "F16" });
    const { metadata, tensors } = await readSafetensorsHeader(path);
    expect(tensors.get("lora_unet_mid_block_to_out_0.alpha")).toMatchObject({ dtype: "F32", shape: [] });
    expect(tensors.get("lora_unet_mid_block_proj_in.lora_down.weight")).toMatchObject({ shape: [2, 2, 1, 1] });
    expect([...tensors.keys()]).toContain("lora_te_text_model_encoder_layers_0_q_proj.lora_up.weight");
    const bytes = await readFile(path);
    const data = bytes.subarray(8 + Number(bytes.readBigUInt64LE()));
    expect(metadata).toMatchObject({
      ss_network_module: "networks.lora",
      ss_network_dim: "Dynamic",
      ss_network_alpha: "Dynamic",
      ss_output_name: "mine",
      ss_sd_model_name: "base",
      "modelspec.title": "mine",
      sshs_model_hash: createHash("sha256").update(data).digest("hex"),
    });
    expect(metadata.ss_base_model_version).toBeUndefined();
  });

  it.each([
    [768, "sd_v1", "False", "stable-diffusion-v1/lora"],
    [1024, "sd_v2", "True", "stable-diffusion-v2-512/lora"],
  ])("kohya: the model that a text encoder of width %i belongs to", async (width, version, isV2, architecture) => {
    const path = join(await temporaryFolder(), "x");
    const modules = [pair("down_blocks.0.attn2.to_k", width, 4, { rank: 2, alpha: 2 })];
    await writeKohyaAdapter(path, unetAdapter({ modules }), { name: "mine" });
    expect((await readSafetensorsHeader(path)).metadata).toMatchObject({
      ss_base_model_version: version,
      ss_v2: isV2,
      "modelspec.architecture": architecture,
      ss_network_dim: "2",
      ss_network_alpha: "2",
    });
  });
});

describe("names without dots", () => {
  it("are refused without the model, and say so", async () => {
    const error = await loftErrorOf(() => readAdapter(lora("a-kohya")), "adapter-invalid");
    expect(error.what).toMatch(/only beside their model: lora_unet_down_blocks_0.*and 160 more/);
  });

  it("mean the module that the model has", async () => {
    const path = join(await temporaryFolder(), "x");
    await writeKohyaAdapter(path, unetAdapter({ modules: mixed.unet.modules.slice(0, 1) }), { name: "x" });
    const unet = ["down_blocks.0.attn.to_q", "down_blocks.0.attn.to", "down.blocks.0.attn.to.x"];
    expect(namesOf(await readAdapter(path, { unet, textEncoder: [] })).unet).toEqual(["down_blocks.0.attn.to_q"]);
  });

  it("are not written when two modules would share one", async () => {
    const path = join(await temporaryFolder(), "x");
    const modules = ["down.to_q", "down_to.q"].map((name) => pair(name, 2, 2, { rank: 1, alpha: 1 }));
    await loftErrorOf(() => writeKohyaAdapter(path, unetAdapter({ modules }), { name: "x" }), "adapter-invalid");
  });

  it.each([
    ["no module of the model", ["down_blocks.0.attn.to_k"]],
    ["two modules of the model", ["down_blocks.0.attn.to_q", "down_blocks.0.attn.to.q"]],
  ])("are refused when they mean %s", async (_, unet) => {
    const path = join(await temporaryFolder(), "x");
    await writeKohyaAdapter(path, small, { name: "x" });
    const error = await loftErrorOf(() => readAdapter(path, { unet, textEncoder: [] }), "adapter-invalid");
    expect(error.what).toContain("lora_unet_down_blocks_0_attn_to_q.alpha");
  });
});

describe("files that are no adapter of ours", () => {
  const a = (columns = 3, rows = 2) => ({ "unet.m.lora_A.weight": matrix(rows, columns) });
  const b = (rows = 4, columns = 2) => ({ "unet.m.lora_B.weight": matrix(rows, columns) });
  const peft = (json: unknown) => ({ lora_adapter_metadata: typeof json === "string" ? json : JSON.stringify(json) });
  const four = (rows: number, columns: number, kernel: number): CheckpointTensor => ({
    ...matrix(rows, columns * kernel ** 2),
    shape: [rows, columns, kernel, kernel],
  });
  const cases: readonly (readonly [string, Record<string, CheckpointTensor>, Record<string, string>, RegExp])[] = [
    ["nothing in it", {}, {}, /no low-rank pairs/],
    ["A without B", a(), {}, /unet\.m\.lora_A\.weight/],
    ["B without A", b(), {}, /unet\.m\.lora_B\.weight/],
    ["a key too many", { ...a(), ...b(), "unet.m.alpha": matrix(1, 1) }, {}, /unet\.m\.alpha/],
    ["another network", { ...a(), ...b(), "text_encoder_2.m.lora_A.weight": matrix(2, 2) }, {}, /text_encoder_2/],
    ["a vision model", { ...a(), ...b(), "base_model.model.vision_model.m.lora_A.weight": matrix(2, 2) }, {}, /vision/],
    ["a pair twice", { ...a(), ...b(), "unet.m.lora.down.weight": matrix(2, 3) }, {}, /unet\.m\.lora_A/],
    ["inner sizes that differ", { ...a(), ...b(4, 3) }, {}, /\[2, 3\] and \[4, 3\]/],
    ["rank 0", { ...a(3, 0), ...b(4, 0) }, {}, /do not form/],
    ["a 3x3 convolution", { "unet.m.lora_A.weight": four(2, 3, 3), ...b() }, {}, /do not form/],
    ["half a convolution", { "unet.m.lora_A.weight": four(2, 3, 1), ...b() }, {}, /do not form/],
    ["another rank in the metadata", { ...a(), ...b() }, peft({ "unet.r": 8 }), /rank 8/],
    ["another rank in a pattern", { ...a(), ...b() }, peft({ "unet.rank_pattern": { m: 3 } }), /rank 3/],
    ["a rank that is a text", { ...a(), ...b() }, peft({ "unet.r": "2" }), /"unet.r": "2"/],
    ["an alpha that is a text", { ...a(), ...b() }, peft({ "unet.lora_alpha": "2" }), /"unet.lora_alpha": "2"/],
    ["metadata that is no JSON", { ...a(), ...b() }, peft("{"), /not a JSON object/],
    ["rank-stabilized scaling", { ...a(), ...b() }, peft({ "unet.use_rslora": true }), /use_rslora/],
    ["DoRA", { ...a(), ...b() }, peft({ "unet.use_dora": true }), /use_dora/],
    ["a start that changes the model", { ...a(), ...b() }, peft({ "unet.init_lora_weights": "pissa" }), /pissa/],
    [
      "a pattern that is an expression",
      { ...a(), ...b() },
      peft({ "unet.alpha_pattern": { "(a+)+": 3 } }),
      /alpha_pat/,
    ],
    ["an alpha in a pattern that is a text", { ...a(), ...b() }, peft({ "unet.alpha_pattern": { m: "3" } }), /alpha_p/],
  ];
  it.each(cases)("%s", async (_, tensors, metadata, message) => {
    const path = join(await temporaryFolder(), "x.safetensors");
    await writeSafetensors(path, new Map(Object.entries(tensors)), metadata);
    const error = await loftErrorOf(() => readAdapter(path), "adapter-invalid");
    expect(error.what).toMatch(message);
    expect(error.what).toContain(path);
  });

  it("a module that the model does not have", async () => {
    const modules = { unet: ["down_blocks.0.other"], textEncoder: [] };
    const error = await loftErrorOf(() => readAdapter(lora("a"), modules), "adapter-invalid");
    expect(error.what).toMatch(/unet\.down_blocks\.0.*and 104 more/);
  });

  it.each([
    ["two numbers", Float32Array.of(1, 2)],
    ["not a number", Float32Array.of(Number.NaN)],
  ])("an alpha of kohya that is %s", async (_, data) => {
    const path = join(await temporaryFolder(), "x");
    const tensors = {
      "lora_unet_m.lora_down.weight": matrix(2, 3),
      "lora_unet_m.lora_up.weight": matrix(3, 2),
      "lora_unet_m.alpha": { dtype: "F32", shape: [data.length], data } as const,
    };
    await writeSafetensors(path, new Map(Object.entries(tensors)));
    const error = await loftErrorOf(() => readAdapter(path, { unet: ["m"], textEncoder: [] }), "adapter-invalid");
    expect(error.what).toContain("lora_unet_m.alpha");
  });

  it("integers", async () => {
    const path = join(await temporaryFolder(), "x");
    await writeSafetensors(path, new Map(Object.entries({ "unet.m.lora_A.weight": matrix(2, 3, "I32"), ...b() })));
    await loftErrorOf(() => readAdapter(path), "safetensors-invalid");
  });
});

describe("folders", () => {
  it("of diffusers are read", async () => {
    const folder = await temporaryFolder();
    await cp(lora("a"), join(folder, "pytorch_lora_weights.safetensors"));
    expect(await readAdapter(folder)).toEqual(await readAdapter(lora("a")));
  });

  it("without an adapter are refused", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "unet"));
    const error = await loftErrorOf(() => readAdapter(folder), "adapter-invalid");
    expect(error.what).toContain("adapter_model.safetensors");
  });

  it("of PEFT need their configuration", async () => {
    const folder = await temporaryFolder();
    await writePeftAdapter(folder, small, { baseModel: "x" });
    await writeFile(join(folder, "adapter_config.json"), "[]");
    await loftErrorOf(() => readAdapter(folder), "adapter-invalid");
    await rm(join(folder, "adapter_config.json"));
    const error = await loftErrorOf(() => readAdapter(folder), "adapter-invalid");
    expect(error.what).toContain("adapter_config.json is not beside it");
  });

  it("that are not there are said to have vanished", async () => {
    await loftErrorOf(() => readAdapter("nowhere"), "file-vanished");
  });
});
