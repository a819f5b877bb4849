/** Adapters on disk: what diffusers wrote is read, what we write comes back bit for bit, anything else is refused by name. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readAdapter, writeAdapter } from "../../../daemon/adapters/adapter-file.ts";
import type { AdapterWeights } from "../../../daemon/adapters/adapter-weights.ts";
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

const small: AdapterWeights = {
  rank: 2,
  alpha: 1.5,
  modules: [
    {
      name: "a.to_q",
      inFeatures: 3,
      outFeatures: 1,
      a: Float32Array.of(1, 2, 3, 4, 5, 6),
      b: Float32Array.of(0.1, -0),
    },
    { name: "b.to_out.0", inFeatures: 1, outFeatures: 2, a: Float32Array.of(7, 8), b: Float32Array.of(1, 2, 3, 1e-30) },
  ],
};

function matrix(rows: number, columns: number, dtype: "F32" | "I32" = "F32"): CheckpointTensor {
  const data = dtype === "F32" ? new Float32Array(rows * columns) : new Int32Array(rows * columns);
  return { dtype, shape: [rows, columns], data };
}

describe("reading what diffusers wrote", () => {
  it.each([
    ["a", 2, 2],
    ["b", 2, 2],
    ["c", 4, 2],
    ["c-without-metadata", 4, 4],
  ])("%s: rank %i, alpha %i", async (name, rank, alpha) => {
    const adapter = await readAdapter(lora(name));
    expect([adapter.rank, adapter.alpha, adapter.modules.length]).toEqual([rank, alpha, 56]);
    const names = adapter.modules.map((module) => module.name);
    expect(names).toEqual([...names].sort());
    const tensors = await readTensors(await readSafetensorsHeader(lora(name)));
    for (const { name: module, a, b, inFeatures, outFeatures } of adapter.modules) {
      expect(a).toEqual(toFloat32(tensors.get(`unet.${module}.lora_A.weight`)!));
      expect(b).toEqual(toFloat32(tensors.get(`unet.${module}.lora_B.weight`)!));
      expect([a.length, b.length]).toEqual([rank * inFeatures, outFeatures * rank]);
    }
  });

  it.each(["a-kohya", "a-script", "joint", "joint-old-keys"])("refuses %s and lists its keys", async (name) => {
    const error = await loftErrorOf(() => readAdapter(lora(name)), "adapter-invalid");
    expect(error.what).toMatch(/lora_unet_down_blocks_0|unet\.down_blocks\.0.*lora\.down|text_encoder/);
    expect(error.what).toMatch(/and \d+ more/);
  });
});

describe("writing", () => {
  it("comes back the same, bit for bit, and gives the same bytes again", async () => {
    const folder = await temporaryFolder();
    await writeAdapter(join(folder, "1"), small, { metadata: { loft: "{}" } });
    await writeAdapter(join(folder, "2"), await readAdapter(join(folder, "1")), { metadata: { loft: "{}" } });
    expect(await readAdapter(join(folder, "1"))).toEqual(small);
    expect((await readFile(join(folder, "1"))).equals(await readFile(join(folder, "2")))).toBe(true);
  });

  it("keeps any adapter", async () => {
    const path = join(await temporaryFolder(), "any");
    const adapters = fc
      .record({ rank: fc.integer({ min: 1, max: 4 }), alpha: fc.double({ noNaN: true, noDefaultInfinity: true }) })
      .chain(({ rank, alpha }) =>
        fc
          .dictionary(
            fc.string({ minLength: 1 }),
            fc
              .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }))
              .chain(([inFeatures, outFeatures]) =>
                fc.record({
                  inFeatures: fc.constant(inFeatures),
                  outFeatures: fc.constant(outFeatures),
                  a: fc.float32Array({ minLength: rank * inFeatures, maxLength: rank * inFeatures }),
                  b: fc.float32Array({ minLength: rank * outFeatures, maxLength: rank * outFeatures }),
                }),
              ),
            { minKeys: 1 },
          )
          .map((modules) => ({
            rank,
            alpha: alpha + 0,
            modules: Object.keys(modules)
              .sort()
              .map((name) => ({ name, ...modules[name]! })),
          })),
      );
    await fc.assert(
      fc.asyncProperty(adapters, async (adapter) => {
        await writeAdapter(path, adapter);
        expect(await readAdapter(path)).toEqual(adapter);
      }),
      { numRuns: 60 },
    );
  });

  it("writes what diffusers looks for", async () => {
    const path = join(await temporaryFolder(), "x");
    await writeAdapter(path, small, { targets: ["to_q", "to_out.0"] });
    const { metadata, tensors } = await readSafetensorsHeader(path);
    expect(metadata.format).toBe("pt");
    expect(JSON.parse(metadata.lora_adapter_metadata!)).toEqual({
      "unet.bias": "none",
      "unet.lora_alpha": 1.5,
      "unet.peft_type": "LORA",
      "unet.r": 2,
      "unet.target_modules": ["to_out.0", "to_q"],
    });
    expect([...tensors.keys()]).toEqual([
      "unet.a.to_q.lora_A.weight",
      "unet.a.to_q.lora_B.weight",
      "unet.b.to_out.0.lora_A.weight",
      "unet.b.to_out.0.lora_B.weight",
    ]);
  });

  it("rounds to half precision when asked", async () => {
    const path = join(await temporaryFolder(), "half");
    await writeAdapter(path, small, { dtype: "F16" });
    expect((await readSafetensorsHeader(path)).tensors.get("unet.a.to_q.lora_A.weight")!.dtype).toBe("F16");
    const [first] = (await readAdapter(path)).modules;
    expect([[...first!.a], first!.b[0]]).toEqual([[1, 2, 3, 4, 5, 6], 0.0999755859375]);
  });
});

describe("files that are no adapter of ours", () => {
  const a = (columns = 3, rows = 2) => ({ "unet.m.lora_A.weight": matrix(rows, columns) });
  const b = (rows = 4, columns = 2) => ({ "unet.m.lora_B.weight": matrix(rows, columns) });
  const peft = (json: unknown) => ({ lora_adapter_metadata: typeof json === "string" ? json : JSON.stringify(json) });
  const cases: readonly (readonly [string, Record<string, CheckpointTensor>, Record<string, string>, RegExp])[] = [
    ["nothing in it", {}, {}, /no low-rank pairs/],
    ["A without B", a(), {}, /unet\.m\.lora_A\.weight/],
    ["B without A", b(), {}, /unet\.m\.lora_B\.weight/],
    ["a key too many", { ...a(), ...b(), "unet.m.alpha": matrix(1, 1) }, {}, /unet\.m\.alpha/],
    ["a key of the text encoder", { ...a(), ...b(), "text_encoder.m.lora_A.weight": matrix(2, 2) }, {}, /text_encoder/],
    ["inner sizes that differ", { ...a(), ...b(4, 3) }, {}, /\[2, 3\] and \[4, 3\]/],
    ["rank 0", { ...a(3, 0), ...b(4, 0) }, {}, /do not form/],
    ["a convolution", { "unet.m.lora_A.weight": { ...matrix(2, 9), shape: [2, 1, 3, 3] }, ...b() }, {}, /do not form/],
    [
      "two ranks",
      { ...a(), ...b(), "unet.n.lora_A.weight": matrix(3, 3), "unet.n.lora_B.weight": matrix(3, 3) },
      {},
      /different ranks \(2, 3\)/,
    ],
    ["another rank in the metadata", { ...a(), ...b() }, peft({ "unet.r": 8 }), /rank 8/],
    ["a rank that is a text", { ...a(), ...b() }, peft({ "unet.r": "2" }), /"unet.r" is "2"/],
    ["an alpha that is a text", { ...a(), ...b() }, peft({ "unet.lora_alpha": "2" }), /"unet.lora_alpha" is "2"/],
    ["metadata that is no JSON", { ...a(), ...b() }, peft("{"), /not a JSON object/],
    ["rank-stabilized scaling", { ...a(), ...b() }, peft({ "unet.use_rslora": true }), /use_rslora/],
    ["DoRA", { ...a(), ...b() }, peft({ "unet.use_dora": true }), /use_dora/],
    ["an alpha per layer", { ...a(), ...b() }, peft({ "unet.alpha_pattern": { m: 3 } }), /alpha_pattern/],
  ];
  it.each(cases)("%s", async (_, tensors, metadata, message) => {
    const path = join(await temporaryFolder(), "x.safetensors");
    await writeSafetensors(path, new Map(Object.entries(tensors)), metadata);
    const error = await loftErrorOf(() => readAdapter(path), "adapter-invalid");
    expect(error.what).toMatch(message);
    expect(error.what).toContain(path);
  });

  it("integers", async () => {
    const path = join(await temporaryFolder(), "x");
    await writeSafetensors(path, new Map(Object.entries({ "unet.m.lora_A.weight": matrix(2, 3, "I32"), ...b() })));
    await loftErrorOf(() => readAdapter(path), "safetensors-invalid");
  });
});
