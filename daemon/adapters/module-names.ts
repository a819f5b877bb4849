/** How files of each layout call a module: the prefixes of networks, and kohya's names without dots. Pure. */
import type { AdapterNetwork } from "./adapter-weights.ts";

/** In front of a module's name in the layout of diffusers. */
export const diffusersPrefixes = { unet: "unet.", textEncoder: "text_encoder." } as const;

/** In front of a module's name in the layout of kohya's sd-scripts, for the one text encoder of SD 1 and 2. */
export const kohyaPrefixes = { unet: "lora_unet_", textEncoder: "lora_te_" } as const;

const textPrefix = "text_model.";

/**
 * A module's name in files of diffusers and kohya. In the text encoder it has the `text_model.` of transformers before
 * 5.6, because older versions of diffusers accept nothing else, and newer ones accept both.
 */
export function fileModuleName(network: AdapterNetwork, module: string): string {
  return network === "unet" ? module : `${textPrefix}${module}`;
}

/** A module's name without the `text_model.` that only some files have. */
export function plainModuleName(name: string): string {
  return name.startsWith(textPrefix) ? name.slice(textPrefix.length) : name;
}

/** A module's name in kohya's layout: dots have become underscores. */
export function kohyaName(network: AdapterNetwork, module: string): string {
  return `${kohyaPrefixes[network]}${fileModuleName(network, module).replaceAll(".", "_")}`;
}
