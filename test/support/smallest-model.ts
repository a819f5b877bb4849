/**
 * A diffusion model with as few layers as there can be: one level, attention in the middle alone. For devices that take
 * seconds to get each operation ready. Its U-Net is cut out of the tiny model's weights, which are random anyway.
 */
import type { StoredTensor, WeightFiles } from "../../daemon/checkpoint/weight-files.ts";
import type { DiffusionModel } from "../../daemon/diffusion/diffusion-model.ts";
import { sizeOf } from "../../daemon/engine/graph/shape.ts";
import { tinyModel } from "./tiny-model.ts";

/** The tiny model with only its finest level, and no attention on the way down and up. */
export async function smallestModel(session?: DiffusionModel["session"]): Promise<DiffusionModel> {
  const model = await tinyModel(session);
  const { config, file } = model.unet;
  const [channels, coarser] = config.blockOutChannels as [number, number];
  return {
    ...model,
    unet: {
      config: {
        ...config,
        downBlockTypes: ["DownBlock2D"],
        upBlockTypes: ["UpBlock2D"],
        blockOutChannels: [channels],
        layersPerBlock: [1],
        transformerLayersPerBlock: [1],
        attentionHeads: [2],
      },
      file: finestLevel(file, channels, coarser),
    },
  };
}

function finestLevel(file: WeightFiles, channels: number, coarser: number): WeightFiles {
  const tensors = new Map<string, StoredTensor>();
  for (const [name, tensor] of file.tensors) {
    const isOther = /^down_blocks\.1|^up_blocks\.0|^(down|up)_blocks.*attentions/.test(name);
    if (!isOther) tensors.set(name.replace(/^up_blocks\.1/, "up_blocks.0"), narrowed(tensor, channels, coarser));
  }
  return { ...file, tensors };
}

/** As many of the tensor's numbers as it has where the coarser level has the finer one's channels. */
function narrowed(tensor: StoredTensor, channels: number, coarser: number): StoredTensor {
  const fit = new Map([
    [coarser, channels],
    [channels + coarser, 2 * channels],
    [4 * coarser, 4 * channels],
    [8 * coarser, 8 * channels],
  ]);
  const shape = tensor.shape.map((length) => fit.get(length) ?? length);
  return { ...tensor, shape, byteLength: 4 * sizeOf(shape) };
}
