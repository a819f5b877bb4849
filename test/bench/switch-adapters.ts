/**
 * How long it takes from the wish for an image with another pair of adapters to the packed fusion that the sampler is
 * fed: reading both files, fusing and packing. Nothing is kept from one pair to the next: the slowest case.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readAdapter, writeAdapter } from "../../daemon/adapters/adapter-file.ts";
import { unetAdapter } from "../../daemon/adapters/adapter-weights.ts";
import { fuseAdapters } from "../../daemon/adapters/fuse.ts";
import { loraFromPacked, packedFromLora } from "../../daemon/adapters/lora.ts";
import { randomStream } from "../../daemon/base/random.ts";
import { type Job, rank, type Work } from "./job.ts";
import { layoutOf, modelOf } from "./train-and-sample.ts";

const switches = 100;

/** Switches among `count` adapters that lie in files. */
export async function switching(job: Job): Promise<Work> {
  const model = await modelOf(job);
  const [single, double] = [layoutOf(model, rank), layoutOf(model, 2 * rank)];
  const folder = await mkdtemp(join(tmpdir(), "loft-bench-"));
  const path = (index: number) => join(folder, `${index}.safetensors`);
  for (let index = 0; index < job.count; index += 1) {
    const packed = randomStream("adapter", index).normals(single.parameterCount);
    await writeAdapter(path(index), unetAdapter(loraFromPacked(single, rank, packed)));
  }
  const rng = randomStream("pairs");
  const change = async () => {
    const first = rng.integer(job.count);
    const second = (first + 1 + rng.integer(job.count - 1)) % job.count;
    const parts = [];
    for (const index of [first, second]) parts.push({ adapter: (await readAdapter(path(index))).unet, weight: 0.5 });
    return packedFromLora(double, fuseAdapters(parts, double.rank));
  };
  return {
    warmUp: async () => {
      for (let index = 0; index < 10; index += 1) await change();
    },
    run: async () => {
      const started = performance.now();
      for (let index = 0; index < switches; index += 1) await change();
      return { perSecond: (switches * 1000) / (performance.now() - started) };
    },
    end: () => rm(folder, { recursive: true, force: true }),
  };
}
