/** Safetensors files: the official library's files are read and repeated byte for byte; damaged ones end in a LoftError. */
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LoftError } from "../../../daemon/base/errors.ts";
import { float32ToFloat16 } from "../../../daemon/checkpoint/float16.ts";
import {
  type CheckpointTensor,
  readSafetensorsHeader,
  readTensor,
  readTensors,
  toFloat32,
  writeSafetensors,
} from "../../../daemon/checkpoint/safetensors.ts";
import { loftErrorOf } from "../../support/loft-error.ts";
import { referencePath } from "../../support/reference.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

function f32(shape: number[], ...values: number[]): CheckpointTensor {
  return { dtype: "F32", shape, data: Float32Array.from(values) };
}

/** A file's bytes from a header given as text or value, and so many bytes of data. */
function fileBytes(header: string | object, dataBytes: number, claimedLength?: number): Buffer {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(claimedLength ?? text.length));
  return Buffer.concat([length, text, Buffer.alloc(dataBytes)]);
}

const sound = { x: { dtype: "F32", shape: [2], data_offsets: [0, 8] } };

describe("reading", () => {
  it("reads what the safetensors library wrote", async () => {
    const file = await readSafetensorsHeader(referencePath("mini-tiny", "lora", "c-kohya.safetensors"));
    expect(file.metadata).toEqual({ ss_network_module: "networks.lora" });
    expect(file.tensors.size).toBe(168);
    const name = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_k";
    expect(file.tensors.get(`${name}.lora_down.weight`)).toMatchObject({
      dtype: "F32",
      shape: [4, 32],
      byteLength: 512,
    });
    const alpha = await readTensor(file, `${name}.alpha`);
    expect([alpha.shape, [...toFloat32(alpha)]]).toEqual([[], [2]]);
  });

  it("gives offsets from the start of the file", async () => {
    const path = join(await temporaryFolder(), "a.safetensors");
    await writeSafetensors(
      path,
      new Map([
        ["b", f32([1], 7)],
        ["a", f32([2], 1, 2)],
      ]),
    );
    const file = await readSafetensorsHeader(path);
    const bytes = await readFile(path);
    const { offset, byteLength } = file.tensors.get("b")!;
    expect([bytes.readFloatLE(offset), byteLength]).toEqual([7, 4]);
    expect(offset + byteLength).toBe(bytes.length);
  });

  it("widens each floating-point type", async () => {
    const path = join(await temporaryFolder(), "a.safetensors");
    await writeSafetensors(
      path,
      new Map<string, CheckpointTensor>([
        ["half", { dtype: "F16", shape: [2], data: float32ToFloat16(Float32Array.of(1.5, -2)) }],
        ["brain", { dtype: "BF16", shape: [1], data: Uint16Array.of(0x3fc0) }],
        ["double", { dtype: "F64", shape: [1], data: Float64Array.of(0.1) }],
        ["ids", { dtype: "I64", shape: [2], data: BigInt64Array.of(1n, -2n) }],
      ]),
    );
    const tensors = await readTensors(await readSafetensorsHeader(path));
    expect([...toFloat32(tensors.get("half")!)]).toEqual([1.5, -2]);
    expect([...toFloat32(tensors.get("brain")!)]).toEqual([1.5]);
    expect([...toFloat32(tensors.get("double")!)]).toEqual([Math.fround(0.1)]);
    expect(tensors.get("ids")!.data).toEqual(BigInt64Array.of(1n, -2n));
    await loftErrorOf(() => toFloat32(tensors.get("ids")!), "safetensors-invalid");
  });

  it("names a tensor that is not there", async () => {
    const file = await readSafetensorsHeader(referencePath("mini-tiny", "lora", "a.safetensors"));
    const error = await loftErrorOf(() => readTensor(file, "unet.nothing"), "tensor-missing");
    expect(error.what).toContain("unet.nothing");
  });

  it("says when there is no file, and when it shrank after its header was read", async () => {
    const path = join(await temporaryFolder(), "a.safetensors");
    await loftErrorOf(() => readSafetensorsHeader(path), "file-vanished");
    await writeFile(path, fileBytes(sound, 8));
    const file = await readSafetensorsHeader(path);
    await writeFile(path, "short");
    await loftErrorOf(() => readTensor(file, "x"), "safetensors-invalid");
  });

  it("refuses a folder", async () => {
    await loftErrorOf(async () => readSafetensorsHeader(await temporaryFolder()), "file-unreadable");
  });
});

describe("a damaged file", () => {
  const cases: readonly (readonly [string, Buffer, RegExp])[] = [
    ["empty", Buffer.alloc(0), /only 0 bytes/],
    ["seven bytes", Buffer.alloc(7), /only 7 bytes/],
    ["header longer than the file", fileBytes(sound, 8, 5000), /claims 5000 bytes/],
    ["header beyond the limit", fileBytes(sound, 8, 100_000_001), /claims 100000001 bytes/],
    ["header of 2^64 - 1 bytes", Buffer.alloc(64, 0xff), /claims 18446744073709551615 bytes/],
    ["not an object", fileBytes("[1,2]", 0), /does not begin with '{'/],
    ["leading blank", fileBytes(` ${JSON.stringify(sound)}`, 8), /does not begin with '{'/],
    ["not JSON", fileBytes('{"x":', 0), /not JSON/],
    ["not UTF-8", Buffer.concat([fileBytes("", 0, 3), Buffer.from([0x7b, 0xff, 0x7d])]), /not JSON/],
    ["Infinity", fileBytes('{"x":{"dtype":"F32","shape":[Infinity],"data_offsets":[0,8]}}', 8), /not JSON/],
    ["a name twice", fileBytes(`{"x":${JSON.stringify(sound.x)},"x":${JSON.stringify(sound.x)}}`, 8), /"x" twice/],
    ["entry is no object", fileBytes({ x: 3 }, 0), /"x" is not a tensor/],
    ["unknown type", fileBytes({ x: { ...sound.x, dtype: "F31" } }, 8), /element type "F31"/],
    ["inherited name as type", fileBytes({ x: { ...sound.x, dtype: "toString" } }, 8), /element type "toString"/],
    ["negative size", fileBytes({ x: { ...sound.x, shape: [-2] } }, 8), /shape \[-2\]/],
    ["fractional size", fileBytes({ x: { ...sound.x, shape: [2.5] } }, 8), /shape \[2.5\]/],
    ["overflowing shape", fileBytes({ x: { ...sound.x, shape: [2 ** 52, 2 ** 52] } }, 8), /needs/],
    ["unsafe integer", fileBytes('{"x":{"dtype":"U8","shape":[9007199254740993],"data_offsets":[0,8]}}', 8), /shape/],
    ["size and shape differ", fileBytes({ x: { ...sound.x, shape: [3] } }, 8), /needs 12 bytes, not 8/],
    ["offsets reversed", fileBytes({ x: { ...sound.x, data_offsets: [8, 0] } }, 8), /needs 8 bytes, not -8/],
    ["three offsets", fileBytes({ x: { ...sound.x, data_offsets: [0, 8, 9] } }, 8), /impossible data_offsets/],
    ["data cut off", fileBytes(sound, 7), /cut off/],
    ["data too long", fileBytes(sound, 9), /end at byte/],
    ["gap at the start", fileBytes({ x: { ...sound.x, data_offsets: [4, 12] } }, 12), /gap before tensor "x"/],
    ["overlap", fileBytes({ ...sound, y: { ...sound.x, data_offsets: [4, 12] } }, 12), /"y" overlaps/],
    ["same place twice", fileBytes({ ...sound, y: sound.x }, 8), /overlaps/],
    ["metadata not texts", fileBytes({ __metadata__: { a: 1 }, ...sound }, 8), /__metadata__/],
  ];

  it.each(cases)("%s", async (_, bytes, message) => {
    const path = join(await temporaryFolder(), "broken.safetensors");
    await writeFile(path, bytes);
    const error = await loftErrorOf(() => readSafetensorsHeader(path), "safetensors-invalid");
    expect(error.what).toMatch(message);
    expect(error.what).toContain(path);
  });

  it("never crashes, whatever single change is made to a good file", async () => {
    const path = join(await temporaryFolder(), "mutated.safetensors");
    const good = await readFile(referencePath("mini-tiny", "lora", "a.safetensors"));
    const start = good.subarray(0, 2000);
    const mutation = fc.oneof(
      fc.record({ at: fc.nat(start.length - 1), byte: fc.nat(255), cut: fc.constant(good.length) }),
      fc.record({ at: fc.nat(12), byte: fc.nat(255), cut: fc.nat(good.length) }),
    );
    await fc.assert(
      fc.asyncProperty(mutation, async ({ at, byte, cut }) => {
        const bytes = Buffer.from(good.subarray(0, cut));
        if (at < bytes.length) bytes[at] = byte;
        await writeFile(path, bytes);
        try {
          const file = await readSafetensorsHeader(path);
          const total = [...file.tensors.values()].reduce((sum, entry) => sum + entry.byteLength, 0);
          expect(total).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(LoftError);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("never crashes on any header that is JSON", async () => {
    const path = join(await temporaryFolder(), "json.safetensors");
    const number = fc.oneof(fc.nat(40), fc.integer(), fc.double());
    const entry = fc.oneof(
      fc.record(
        {
          dtype: fc.constantFrom("F32", "U8", "F16", 3),
          shape: fc.array(number, { maxLength: 3 }),
          data_offsets: fc.array(number, { maxLength: 3 }),
        },
        { requiredKeys: [] },
      ),
      fc.jsonValue(),
    );
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), entry), fc.nat(64), async (header, dataBytes) => {
        await writeFile(path, fileBytes(header, dataBytes));
        try {
          for (const tensor of (await readTensors(await readSafetensorsHeader(path))).values()) {
            expect(tensor.data.byteLength).toBeLessThanOrEqual(dataBytes);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(LoftError);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("writing", () => {
  // The library writes metadata in random order, so only files with a single entry can be repeated.
  it.each(["a-kohya", "c-kohya", "c-without-metadata"])("repeats %s of the safetensors library", async (name) => {
    const original = referencePath("mini-tiny", "lora", `${name}.safetensors`);
    const copy = join(await temporaryFolder(), "copy.safetensors");
    const file = await readSafetensorsHeader(original);
    await writeSafetensors(copy, await readTensors(file), file.metadata);
    expect((await readFile(copy)).equals(await readFile(original))).toBe(true);
  });

  it("does not depend on the order of tensors and metadata", async () => {
    const folder = await temporaryFolder();
    const tensors: [string, CheckpointTensor][] = [
      ["z", f32([2, 1], 1, 2)],
      ["a", { dtype: "U8", shape: [3], data: Uint8Array.of(1, 2, 3) }],
      ["empty", f32([0, 5])],
      ["m", { dtype: "I64", shape: [], data: BigInt64Array.of(9n) }],
    ];
    await writeSafetensors(join(folder, "1"), new Map(tensors), { b: "2", a: "é" });
    await writeSafetensors(join(folder, "2"), new Map([...tensors].reverse()), { a: "é", b: "2" });
    const first = await readFile(join(folder, "1"));
    expect(first.equals(await readFile(join(folder, "2")))).toBe(true);
    expect(first.readUInt32LE(0) % 8).toBe(0);
    const read = await readTensors(await readSafetensorsHeader(join(folder, "1")));
    for (const [name, tensor] of tensors) expect(read.get(name)).toEqual(tensor);
    for (const [name, { offset }] of (await readSafetensorsHeader(join(folder, "1"))).tensors) {
      expect(offset % tensors.find(([other]) => other === name)![1].data.BYTES_PER_ELEMENT).toBe(0);
    }
  });

  it("takes views into larger buffers", async () => {
    const path = join(await temporaryFolder(), "view");
    await writeSafetensors(
      path,
      new Map([["v", { dtype: "F32", shape: [2], data: Float32Array.of(1, 2, 3, 4).subarray(1, 3) }]]),
    );
    expect([...toFloat32(await readTensor(await readSafetensorsHeader(path), "v"))]).toEqual([2, 3]);
  });

  it("leaves nothing behind and the old file untouched when it fails", async () => {
    const folder = await temporaryFolder();
    await writeSafetensors(join(folder, "taken"), new Map());
    const before = await readFile(join(folder, "taken"));
    await loftErrorOf(() => writeSafetensors(join(folder, "taken", "x"), new Map()), "output-unwritable");
    expect(await readdir(folder)).toEqual(["taken"]);
    expect((await readFile(join(folder, "taken"))).equals(before)).toBe(true);
  });

  it("removes its unfinished file when the last step fails", async () => {
    const folder = await temporaryFolder();
    await writeSafetensors(join(folder, "x"), new Map([["a", f32([1], 1)]]));
    // A folder with the wanted name makes the rename fail after everything was written.
    await mkdir(join(folder, "y", "full"), { recursive: true });
    await loftErrorOf(() => writeSafetensors(join(folder, "y"), new Map()), "output-unwritable");
    expect((await readdir(folder)).sort()).toEqual(["x", "y"]);
    expect((await stat(join(folder, "y"))).isDirectory()).toBe(true);
  });

  it("holds the caller to shapes that fit", async () => {
    const path = join(await temporaryFolder(), "x");
    await expect(writeSafetensors(path, new Map([["a", f32([3], 1)]]))).rejects.toThrow(/a: Float32Array of 1/);
  });
});
