/** Adapters of other origin in every image: what they change, what is kept of them, and what is told before a run. */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readAdapter, writeAdapter } from "../../daemon/adapters/adapter-file.ts";
import { type AdapterModule, unetAdapter } from "../../daemon/adapters/adapter-weights.ts";
import { writeKohyaAdapter } from "../../daemon/adapters/kohya-file.ts";
import { writePeftAdapter } from "../../daemon/adapters/peft-file.ts";
import { layerNames, moduleNamed } from "../../daemon/adapters/targets.ts";
import { randomStream } from "../../daemon/base/random.ts";
import { readSafetensorsHeader } from "../../daemon/checkpoint/safetensors.ts";
import { replayAction } from "../../daemon/cli/actions.ts";
import { readPicture } from "../../daemon/data/image-file.ts";
import { exportRun } from "../../daemon/jobs/export-run.ts";
import { loftErrorOf } from "../support/loft-error.ts";
import { modelsFolder, prepareTinyRun, runPrepared } from "../support/run-in-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { makeTinyRun, type TinyConfig, type TinyRun, tinyModelFolder, writeTinyConfig } from "../support/tiny-run.ts";

const sampling = { imagesPerClass: 2, steps: 2 };
const prompted: TinyConfig = {
  method: "class-prompt",
  sampling,
  training: { steps: undefined, warmupSteps: undefined, batchSize: undefined },
};
const image = (root: string) => join(root, "data", "train", "cat", "000002.png");

let run: TinyRun;

/** The run folder of a configuration, beside that of the others. */
async function runOf(name: string, config: TinyConfig): Promise<string> {
  await writeTinyConfig(run, config);
  const root = join(run.folder, "runs", name);
  await runPrepared(await prepareTinyRun(run), { root });
  return root;
}

const withExtra = (file: string, weight?: number): TinyConfig => ({
  ...prompted,
  fusion: { extra: [{ file, weight }] },
});

beforeAll(async () => {
  const training = { steps: 2, warmupSteps: 0, learningRate: 0.05 };
  run = await makeTinyRun(await mkdtemp(join(tmpdir(), "loft-")), { photos: { cat: 2, dog: 1 } });
  const root = await runOf("dataset", { method: "datadream-dataset", training, sampling });
  const signal = new AbortController().signal;
  const output = join(run.folder, "kohya");
  await exportRun({ root, format: "adapters-kohya", dtype: "f32", output, signal });
  const id = (await prepareTinyRun(run)).plan.adapters[0]!.id;
  await cp(join(output, `_all-${id.slice(0, 12)}.safetensors`), join(run.folder, "mine.safetensors"));
  await cp(join(root, "adapters", "_all", id), join(run.folder, "mine"), { recursive: true });
}, 240_000);

afterAll(() => rm(run.folder, { recursive: true, force: true }));

describe("the base model with an adapter that a run trained", () => {
  test("gives that run's images, is kept with the run, and is replayed without the original", async () => {
    const root = await runOf("extra", withExtra("mine.safetensors"));
    const expected = await readPicture(image(join(run.folder, "runs", "dataset")));
    expect(await readPicture(image(root))).toEqual(expected);
    const bare = await readPicture(image(await runOf("bare", prompted)));
    expect(bare).not.toEqual(expected);
    expect(await readPicture(image(await runOf("nothing", withExtra("mine.safetensors", 0))))).toEqual(bare);

    const moved = join(await temporaryFolder(), "moved");
    await cp(root, moved, { recursive: true });
    expect((await replay(image(moved))).json).toMatchObject({ same: true, differingValues: 0 });
    await rm(join(moved, ".loft", "extra"), { recursive: true });
    await loftErrorOf(() => replay(image(moved)), "adapter-invalid");
  }, 240_000);

  test("is the same whatever its layout; another weight is another image", async () => {
    const ids = async (config: TinyConfig) => {
      await writeTinyConfig(run, config);
      return (await prepareTinyRun(run)).plan.images.map(({ id }) => id);
    };
    const adapter = await readAdapter(join(run.folder, "mine"));
    await writePeftAdapter(join(run.folder, "peft"), adapter, { baseModel: "tiny" });
    const kohya = await ids(withExtra("mine.safetensors"));
    expect(await ids(withExtra("mine"))).toEqual(kohya);
    expect(await ids(withExtra("peft"))).toEqual(kohya);
    expect(await ids(withExtra("mine", 1))).toEqual(kohya);
    const others = [...(await ids(withExtra("mine", 0.5))), ...(await ids(prompted))];
    expect(others.filter((id) => kohya.includes(id))).toEqual([]);
  });

  test("joins the fusion of loft", async () => {
    const loft = { sampling, training: { steps: 2, warmupSteps: 0 } };
    const fused = await runOf("loft", { ...loft, fusion: { extra: [{ file: "mine", weight: 0.5 }] } });
    const plain = await runOf("plain", loft);
    expect(await readPicture(image(fused))).not.toEqual(await readPicture(image(plain)));
    expect((await replay(image(fused))).json).toMatchObject({ same: true, differingValues: 0 });
  }, 240_000);
});

test("kohya's adapters of 1x1 convolutions, as those of Stable Diffusion 1 have, and of whole layers take part", async () => {
  const { tensors } = await readSafetensorsHeader(join(tinyModelFolder, "unet", "diffusion_pytorch_model.safetensors"));
  const names = layerNames(tensors).filter((name) => /conv_shortcut$|\.(ff\.net\.2|time_emb_proj|proj_in)$/.test(name));
  const modules = names.map((name): AdapterModule => {
    const { inFeatures, outFeatures } = moduleNamed(tensors, name)!;
    const rng = randomStream("foreign", name);
    const matrices = { a: rng.normals(2 * inFeatures), b: rng.normals(2 * outFeatures) };
    const pointwise = tensors.get(`${name}.weight`)!.shape.length === 4 ? ({ pointwise: true } as const) : {};
    return { name, inFeatures, outFeatures, rank: 2, alpha: 0.2, ...matrices, ...pointwise };
  });
  expect(modules.some(({ pointwise }) => pointwise === true)).toBe(true);
  await writeKohyaAdapter(join(run.folder, "foreign.safetensors"), unetAdapter({ modules }), { name: "foreign" });
  const root = await runOf("foreign", withExtra("foreign.safetensors"));
  const bare = await runOf("bare", prompted);
  expect(await readPicture(image(root))).not.toEqual(await readPicture(image(bare)));
  expect((await replay(image(root))).json).toMatchObject({ same: true, differingValues: 0 });
}, 240_000);

describe("told before a run", () => {
  const prepare = async (extra: TinyConfig) => {
    await writeTinyConfig(run, { ...prompted, fusion: { extra: [extra] } });
    return prepareTinyRun(run);
  };

  test("a missing file", async () => {
    const error = await loftErrorOf(() => prepare({ file: "none.safetensors" }), "config-invalid");
    expect(error.what).toBe("fusion.extra[0].file names none.safetensors, and there is no such file.");
  });

  test("an adapter of another model", async () => {
    const { unet, textEncoder } = await readAdapter(join(run.folder, "mine"));
    const [first, ...rest] = unet.modules;
    const wider = { ...first!, inFeatures: first!.inFeatures + 1, a: new Float32Array(first!.a.length + first!.rank) };
    const file = join(run.folder, "wider.safetensors");
    await writeAdapter(file, { unet: { modules: [wider, ...rest] }, textEncoder });
    const error = await loftErrorOf(() => prepare({ file: "wider.safetensors" }), "adapter-invalid");
    expect(error.what).toContain("The extra adapter wider.safetensors does not fit the model");
    expect(error.what).toContain(`${first!.name} is [`);
  });

  test("an adapter of a convolution of 3x3 pixels", async () => {
    const module = { name: "conv_in", inFeatures: 4, outFeatures: 4, rank: 1, alpha: 1 };
    const pair = { a: new Float32Array(4), b: new Float32Array(4), pointwise: true } as const;
    const unet = { modules: [{ ...module, ...pair }] };
    await writeAdapter(join(run.folder, "conv.safetensors"), { unet, textEncoder: { modules: [] } });
    const error = await loftErrorOf(() => prepare({ file: "conv.safetensors" }), "adapter-invalid");
    expect(error.what).toContain("conv_in is neither a linear layer nor a 1x1 convolution there");
  });

  test("something that is no adapter", () =>
    loftErrorOf(() => prepare({ file: "photos/cat/0.png" }), "safetensors-invalid"));
});

function replay(file: string) {
  return replayAction(
    { image: file, model: tinyModelFolder },
    {
      workingFolder: run.folder,
      packageFolder: dirname(modelsFolder),
      signal: new AbortController().signal,
      emit: () => undefined,
    },
  );
}
