/** Weights by their published names, cut or whole; an index that does not fit its files is refused with what is wrong. */
import { mkdir, realpath, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ErrorCode, LoftError } from "../../../daemon/base/errors.ts";
import { writeSafetensors } from "../../../daemon/checkpoint/safetensors.ts";
import { chooseWeights, locateWeights, readWeightFiles } from "../../../daemon/checkpoint/weight-files.ts";
import { loftErrorOf } from "../../support/loft-error.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const stem = "diffusion_pytorch_model";

/** A folder that holds empty files of these names. */
async function folderWith(names: readonly string[]): Promise<string> {
  const folder = await temporaryFolder();
  for (const name of names) await writeFile(join(folder, name), "");
  return folder;
}

/** A folder with two parts, "x" in the first and "y" and "z" in the second, and their index. */
async function cutFolder() {
  const folder = await temporaryFolder();
  const tensor = (...values: number[]) =>
    ({ dtype: "F32", shape: [values.length], data: Float32Array.from(values) }) as const;
  await writeSafetensors(join(folder, "1.safetensors"), new Map([["x", tensor(1, 2)]]));
  await writeSafetensors(
    join(folder, "2.safetensors"),
    new Map([
      ["y", tensor(3)],
      ["z", tensor(4)],
    ]),
  );
  const index = { weight_map: { x: "1.safetensors", y: "2.safetensors", z: "2.safetensors" } };
  return { folder, index };
}

describe("chooseWeights", () => {
  const whole = `${stem}.safetensors`;
  const index = `${stem}.safetensors.index.json`;
  it.each([
    ["the whole file before its parts", [index, whole], whole, false],
    ["full weights in parts before a variant", [`${stem}.fp16.safetensors`, index], index, true],
    ["fp16 before bf16", [`${stem}.bf16.safetensors`, `${stem}.fp16.safetensors`], `${stem}.fp16.safetensors`, false],
    ["bf16 alone", [`${stem}.bf16.safetensors`, `${stem}.bin`], `${stem}.bf16.safetensors`, false],
    ["a cut variant", [`${stem}.safetensors.index.fp16.json`], `${stem}.safetensors.index.fp16.json`, true],
    [
      "a cut variant of older diffusers",
      [`${stem}.safetensors.fp16.index.json`],
      `${stem}.safetensors.fp16.index.json`,
      true,
    ],
    ["no other model's file", [`other.safetensors`, whole], whole, false],
  ] as const)("takes %s", async (_, names, name, isIndex) => {
    expect(await chooseWeights(await folderWith(names), stem)).toEqual({ name, isIndex });
  });

  it.each([
    [["other.safetensors"], "model-missing", whole],
    [[`${stem}.non_ema.safetensors`], "model-missing", whole],
    [["pytorch_model.bin"], "model-weights-unsupported", "pytorch_model.bin"],
    [[`${stem}.bin.index.json`], "model-weights-unsupported", `${stem}.bin.index.json`],
  ] as const)("%j: %s", async (names, code, named) => {
    const folder = await folderWith(names);
    expect((await loftErrorOf(() => chooseWeights(folder, stem), code)).what).toContain(named);
  });
});

describe("cut weights", () => {
  it("are read as one, each tensor from its own file", async () => {
    const { folder, index } = await cutFolder();
    const location = await locateWeights(folder, "index.json", index);
    expect(location.names).toEqual(["index.json", "1.safetensors", "2.safetensors"]);
    const { tensors, path } = await readWeightFiles(location);
    expect(path).toBe(join(folder, "index.json"));
    expect([...tensors].map(([name, { file }]) => [name, file])).toEqual([
      ["x", await realpath(join(folder, "1.safetensors"))],
      ["y", await realpath(join(folder, "2.safetensors"))],
      ["z", await realpath(join(folder, "2.safetensors"))],
    ]);
  });

  it("holds only what the index names", async () => {
    const { folder } = await cutFolder();
    const location = await locateWeights(folder, "index.json", { weight_map: { z: "2.safetensors" } });
    expect([...(await readWeightFiles(location)).tensors.keys()]).toEqual(["z"]);
  });

  it("may be links into one folder, but not into several", async () => {
    const { folder, index } = await cutFolder();
    const blobs = join(folder, "blobs");
    await mkdir(blobs);
    for (const name of ["1", "2"]) {
      await rename(join(folder, `${name}.safetensors`), join(blobs, name));
      await symlink(join("blobs", name), join(folder, `${name}.safetensors`));
    }
    const { files } = await locateWeights(folder, "index.json", index);
    expect([...files.values()]).toEqual([await realpath(join(blobs, "1")), await realpath(join(blobs, "2"))]);
    await rm(join(folder, "2.safetensors"));
    await rename(join(blobs, "2"), join(folder, "2.safetensors"));
    const error = await loftErrorOf(() => locateWeights(folder, "index.json", index), "model-weights-unsupported");
    expect(error.what).toContain(await realpath(blobs));
  });

  const unsound: readonly (readonly [string, Record<string, unknown>, ErrorCode, string])[] = [
    ["no map", {}, "model-config-invalid", "weight_map"],
    ["an empty map", { weight_map: {} }, "model-config-invalid", "weight_map"],
    ["a list", { weight_map: ["1.safetensors"] }, "model-config-invalid", "weight_map"],
    ["a number for a file", { weight_map: { x: 1 } }, "model-config-invalid", "weight_map"],
    ["a file elsewhere", { weight_map: { x: "../1.safetensors" } }, "model-config-invalid", "weight_map"],
    ["a file elsewhere on Windows", { weight_map: { x: "..\\1.safetensors" } }, "model-config-invalid", "weight_map"],
    ["a pickle", { weight_map: { x: "1.bin" } }, "model-config-invalid", "weight_map"],
    ["an absent part", { weight_map: { x: "3.safetensors" } }, "model-missing", "3.safetensors"],
    ["a tensor of another part", { weight_map: { x: "2.safetensors" } }, "tensor-missing", "puts x into 2.safetensors"],
  ];
  it.each(unsound)("with %s are refused", async (_, index, code, named) => {
    const { folder } = await cutFolder();
    const read = async () => readWeightFiles(await locateWeights(folder, "index.json", index));
    expect((await loftErrorOf(read, code)).what).toContain(named);
  });

  it("with any index are read or refused, never a crash", async () => {
    const { folder } = await cutFolder();
    const name = fc.oneof(fc.constantFrom("1.safetensors", "2.safetensors"), fc.string(), fc.jsonValue());
    const map = fc.oneof(fc.dictionary(fc.constantFrom("x", "y", "__proto__"), name), fc.jsonValue());
    await fc.assert(
      fc.asyncProperty(map, async (weight_map) => {
        try {
          await readWeightFiles(await locateWeights(folder, "index.json", { weight_map }));
        } catch (error) {
          expect(error).toBeInstanceOf(LoftError);
        }
      }),
      { numRuns: 300 },
    );
  });
});
