/** Which of a repository's files a diffusion model needs, by the names that diffusers and transformers give them. Pure. */
import { loftError } from "../base/errors.ts";
import type { HubFile, HubListing } from "./list-repository.ts";

/** Half-precision weights, or as they were published. */
export type Variant = "fp16" | "full";

export const variants: readonly Variant[] = ["fp16", "full"];

export type FileChoice = { readonly variant: Variant; readonly files: readonly HubFile[] };

const required = [
  "model_index.json",
  "scheduler/scheduler_config.json",
  "text_encoder/config.json",
  "unet/config.json",
  "vae/config.json",
];
const tokenizer = ["tokenizer.json", "vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json"];
const networks = [
  ["text_encoder", "model"],
  ["unet", "diffusion_pytorch_model"],
  ["vae", "diffusion_pytorch_model"],
] as const;

/**
 * Choose files.
 * @param wanted "preferred" takes fp16 where all networks have it, else full
 * @throws LoftError "model-config-unsupported" when the repository is not in diffusers layout,
 *   "model-weights-unsupported" when it has no safetensors or not this variant
 */
export function chooseFiles(listing: HubListing, wanted: Variant | "preferred"): FileChoice {
  const byPath = new Map(listing.files.map((file) => [file.path, file]));
  const missing = required.filter((path) => !byPath.has(path));
  if (0 < missing.length) throw notDiffusers(listing, missing);
  const base = [...required, ...tokenizer.map((name) => `tokenizer/${name}`)].filter((path) => byPath.has(path));
  for (const variant of wanted === "preferred" ? variants : [wanted]) {
    const weights = networks.map(([folder, stem]) => weightPaths(byPath, folder, stem, variant));
    if (weights.some((paths) => paths.length === 0)) continue;
    const paths = [...base, ...weights.flat()].sort();
    return { variant, files: paths.map((path) => byPath.get(path) as HubFile) };
  }
  throw noWeights(listing, wanted);
}

/** One file before several; the index of several and the files it may name. Empty when there are none. */
function weightPaths(
  byPath: ReadonlyMap<string, HubFile>,
  folder: string,
  stem: string,
  variant: Variant,
): readonly string[] {
  const infix = variant === "full" ? "" : `.${variant}`;
  const whole = `${folder}/${stem}${infix}.safetensors`;
  if (byPath.has(whole)) return [whole];
  // diffusers before 0.32 put the variant before "index".
  const indices = [`.safetensors.index${infix}.json`, `.safetensors${infix}.index.json`];
  const index = indices.map((ending) => `${folder}/${stem}${ending}`).find((path) => byPath.has(path));
  if (index === undefined) return [];
  const [before, after] = variant === "full" ? ["", ""] : [`(?:\\.${variant})?`, `(?:\\.${variant})?`];
  const part = new RegExp(`^${folder}/${stem}${before}-\\d{5}-of-\\d{5}${after}\\.safetensors$`);
  const parts = [...byPath.keys()].filter((path) => part.test(path) && (infix === "" || path.includes(infix)));
  return parts.length === 0 ? [] : [index, ...parts];
}

function notDiffusers({ repository, files }: HubListing, missing: readonly string[]) {
  const classifier = files.some(({ path }) => path === "config.json")
    ? " A CLIP model for evaluation.classifier is not added: put its files into a folder, and write the folder's path there."
    : "";
  return loftError("model-config-unsupported", {
    what: `${repository} is not a Stable Diffusion model in diffusers layout: it has no ${missing.join(", ")}.`,
    fix: `Use a repository that has model_index.json and folders unet, vae, text_encoder, tokenizer and scheduler.${classifier}`,
  });
}

function noWeights({ repository, files }: HubListing, wanted: Variant | "preferred") {
  const weights = files.map(({ path }) => path).filter((path) => /\.(safetensors|bin|ckpt)$/.test(path));
  const asked = wanted === "preferred" ? "" : ` of the variant ${wanted}`;
  const other = wanted === "fp16" ? "full" : "fp16";
  const advice = wanted === "preferred" ? "" : `Try --variant ${other}, or use`;
  return loftError("model-weights-unsupported", {
    what: `${repository} has no safetensors weights${asked} for every network; it has ${weights.slice(0, 8).join(", ") || "no weights at all"}.`,
    fix: `${advice === "" ? "Use" : advice} a repository with safetensors; pickles (.bin, .ckpt) can run code when they are loaded.`,
  });
}
