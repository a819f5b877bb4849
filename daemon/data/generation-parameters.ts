/** The text under `parameters` that Stable Diffusion front ends show and read (A1111's infotext). */

export type GenerationParameters = {
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly steps: number;
  readonly sampler: string;
  readonly guidanceScale: number;
  readonly seed: number;
  readonly width: number;
  readonly height: number;
  readonly modelName: string;
  /** Hexadecimal SHA-256 of the model; its first ten digits are shown. */
  readonly modelHash: string;
  /** The fused adapters with their weights; hashes are SHA-256, of which 12 digits are shown. */
  readonly adapters: readonly { readonly name: string; readonly hash: string; readonly weight: number }[];
};

/**
 * Prompt, negative prompt, then one line of `Key: value` pairs. The adapters stand in the prompt as `<lora:NAME:WEIGHT>`
 * (what front ends act on) and by hash under `Lora hashes` (what they check).
 * Source: the format of AUTOMATIC1111/stable-diffusion-webui 1.10, `create_infotext`.
 */
export function generationParametersText(parameters: GenerationParameters): string {
  const { adapters } = parameters;
  const tags = adapters.map(({ name, weight }) => `<lora:${plainName(name)}:${weight}>`);
  const hashes = adapters.map(({ name, hash }) => `${plainName(name)}: ${hash.slice(0, 12)}`).join(", ");
  const pairs: readonly (readonly [string, string | number])[] = [
    ["Steps", parameters.steps],
    ["Sampler", quoted(parameters.sampler)],
    ["CFG scale", parameters.guidanceScale],
    ["Seed", parameters.seed],
    ["Size", `${parameters.width}x${parameters.height}`],
    ["Model hash", parameters.modelHash.slice(0, 10)],
    ["Model", quoted(parameters.modelName)],
    ...(adapters.length === 0 ? [] : [["Lora hashes", JSON.stringify(hashes)] as const]),
  ];
  const negative = parameters.negativePrompt === "" ? [] : [`Negative prompt: ${oneLine(parameters.negativePrompt)}`];
  return [
    [oneLine(parameters.prompt), ...tags].join(" "),
    ...negative,
    pairs.map(([key, value]) => `${key}: ${value}`).join(", "),
  ].join("\n");
}

/** Line breaks would let a prompt pass itself off as the line of settings. */
function oneLine(text: string): string {
  return text.replace(/\s*[\r\n\u2028\u2029]+\s*/g, " ").trim();
}

/** Values with a separator in them are written as JSON strings, as A1111 does. */
function quoted(value: string): string {
  return /[,:\n\r"]/.test(value) ? JSON.stringify(value) : value;
}

/** Names inside tags and hash lists must not hold their separators. */
function plainName(name: string): string {
  return name.replace(/[<>:,"\s]+/g, "_");
}
