/** A whole adapter as one packed row: the matrices of the U-Net, then those of the text encoder where it is adapted. */
import type { Rng } from "../base/random.ts";
import { concatenated } from "../engine/graph/tensor.ts";
import type { Value } from "../engine/graph/value.ts";
import type { Adapter, AdapterWeights } from "./adapter-weights.ts";
import { initialLora, type LoraLayout, type LoraValues, loraFromPacked, packedFromLora, unpackLora } from "./lora.ts";

/** The layouts of the networks that an adapter has; each may have its own rank. */
export type AdapterLayouts = { readonly unet: LoraLayout; readonly textEncoder?: LoraLayout };

/** The matrices of both networks as values. */
export type AdapterValues = { readonly unet: LoraValues; readonly textEncoder: LoraValues };

/** Numbers in one packed row. */
export function packedSize({ unet, textEncoder }: AdapterLayouts): number {
  return unet.parameterCount + (textEncoder?.parameterCount ?? 0);
}

/** Cut packed parameters [rows, packedSize] into the matrices of each network. */
export function unpackAdapter({ unet, textEncoder }: AdapterLayouts, packed: Value): AdapterValues {
  return {
    unet: unpackLora(unet, packed),
    textEncoder: textEncoder === undefined ? new Map() : unpackLora(textEncoder, packed, unet.parameterCount),
  };
}

/** A fresh adapter as a packed row; `rng` gives each network its own stream. */
export function initialAdapter(
  { unet, textEncoder }: AdapterLayouts,
  rng: (network: keyof AdapterLayouts) => Rng,
): Float32Array {
  const first = initialLora(unet, rng("unet"));
  return textEncoder === undefined ? first : concatenated([first, initialLora(textEncoder, rng("textEncoder"))]);
}

/** A packed row as an adapter. */
export function adapterFromPacked({ unet, textEncoder }: AdapterLayouts, alpha: number, packed: Float32Array): Adapter {
  const none: AdapterWeights = { modules: [] };
  return {
    unet: loraFromPacked(unet, alpha, packed.subarray(0, unet.parameterCount)),
    textEncoder:
      textEncoder === undefined ? none : loraFromPacked(textEncoder, alpha, packed.subarray(unet.parameterCount)),
  };
}

/**
 * An adapter as a packed row; alphas are not in it.
 * @throws LoftError "adapter-invalid" as packedFromLora
 */
export function packedFromAdapter({ unet, textEncoder }: AdapterLayouts, adapter: Adapter): Float32Array {
  const first = packedFromLora(unet, adapter.unet);
  return textEncoder === undefined ? first : concatenated([first, packedFromLora(textEncoder, adapter.textEncoder)]);
}
