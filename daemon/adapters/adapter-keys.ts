/**
 * The names of tensors in adapter files: which network and module a key means, in every layout that is in use. Pure.
 * Layouts after diffusers 0.42 (its own keys, those of its training scripts, and its older attention processors),
 * PEFT 0.21 and kohya's sd-scripts.
 */
import type { AdapterNetwork } from "./adapter-weights.ts";
import { kohyaName, kohyaPrefixes, plainModuleName } from "./module-names.ts";

/** The modules that the checkpoints of a model have, in any order; in the text encoder with or without `text_model.`. */
export type ModuleNames = Readonly<Record<AdapterNetwork, readonly string[]>>;

/** The tensors of one module: A (down), B (up), and alpha where the file has one of its own. */
export type PairKeys = {
  readonly network: AdapterNetwork;
  readonly name: string;
  readonly down: string;
  readonly up: string;
  readonly alpha?: string;
};

export type SortedKeys = {
  /** Complete pairs, by network and module name. */
  readonly pairs: readonly PairKeys[];
  /** Keys that mean nothing, belong to no module of the model, repeat another one, or lack their other half. */
  readonly left: readonly string[];
};

/** Whether a key is of kohya's layout, which can be read only beside the model's module names. */
export function isKohyaKey(key: string): boolean {
  return kohyaKey.test(key);
}

/**
 * Sort the keys of an adapter file into pairs.
 * @param modules what the model has; without it any module is taken, and kohya's keys are left over
 */
export function sortKeys(keys: Iterable<string>, modules?: ModuleNames): SortedKeys {
  const parse = keyParser(modules);
  const left: string[] = [];
  const found = new Map<string, { network: AdapterNetwork; name: string } & Partial<Record<Part, string>>>();
  for (const key of keys) {
    const meaning = parse(key);
    const place = meaning && `${meaning.network} ${meaning.name}`;
    const module = place === undefined ? undefined : (found.get(place) ?? { ...meaning! });
    if (meaning === undefined || module === undefined || module[meaning.part] !== undefined) {
      left.push(key);
      continue;
    }
    module[meaning.part] = key;
    found.set(place!, module);
  }
  const pairs: PairKeys[] = [];
  for (const { network, name, down, up, alpha } of found.values()) {
    if (down !== undefined && up !== undefined) {
      pairs.push({ network, name, down, up, ...(alpha === undefined ? {} : { alpha }) });
    } else left.push(...[down, up, alpha].filter((key) => key !== undefined));
  }
  return { pairs: pairs.sort(byPlace), left };
}

const kohyaKey = /^(lora_(?:unet|te)_.+)\.(lora_down\.weight|lora_up\.weight|alpha)$/s;

type Part = "down" | "up" | "alpha";
type Meaning = { readonly network: AdapterNetwork; readonly name: string; readonly part: Part };

function keyParser(modules: ModuleNames | undefined): (key: string) => Meaning | undefined {
  if (modules === undefined) return parseDotted;
  const unet = new Set(modules.unet);
  const textEncoder = new Set(modules.textEncoder.map(plainModuleName));
  const known = { unet, textEncoder };
  const kohya = kohyaNames(known);
  return (key) => {
    const [, name, ending] = kohyaKey.exec(key) ?? [];
    if (name !== undefined) {
      const module = kohya.get(name);
      return module && { ...module, part: kohyaParts[ending as keyof typeof kohyaParts] };
    }
    const meaning = parseDotted(key);
    return meaning !== undefined && known[meaning.network].has(meaning.name) ? meaning : undefined;
  };
}

const kohyaParts = { "lora_down.weight": "down", "lora_up.weight": "up", alpha: "alpha" } as const;

/** Modules by kohya's names; a name that two modules share means neither. */
function kohyaNames(known: Readonly<Record<AdapterNetwork, ReadonlySet<string>>>) {
  const names = new Map<string, Omit<Meaning, "part"> | undefined>();
  const add = (name: string, module: Omit<Meaning, "part">) => names.set(name, names.has(name) ? undefined : module);
  for (const name of known.unet) add(kohyaName("unet", name), { network: "unet", name });
  for (const name of known.textEncoder) {
    const module = { network: "textEncoder", name } as const;
    add(kohyaName("textEncoder", name), module);
    // Some tools write the names of newer transformers.
    add(`${kohyaPrefixes.textEncoder}${name.replaceAll(".", "_")}`, module);
  }
  return names;
}

/** Keys with dots: an optional network or PEFT's prefix, the module, and one of several endings. */
function parseDotted(key: string): Meaning | undefined {
  const [, prefix, rest] = /^(unet\.|text_encoder\.|base_model\.model\.)?(.+)$/s.exec(key) ?? [];
  if (rest === undefined) return undefined;
  const network = prefixNetworks[prefix ?? ""] ?? networkOf(rest);
  if (network === undefined) return undefined;
  const half = /^(.+?)\.(?:lora_([AB])|lora\.(down|up)|lora_linear_layer\.(down|up))\.weight$/s.exec(rest);
  const [, name, letter, short, long] = half ?? [];
  if (name !== undefined) {
    const part = letter === undefined ? (short ?? long) : { A: "down", B: "up" }[letter];
    return { network, name: plainModuleName(name), part: part as Part };
  }
  const [, layer, projection, part] =
    /^(.+?)(?:\.processor)?\.to_(q|k|v|out)_lora\.(down|up)\.weight$/s.exec(rest) ?? [];
  if (layer === undefined) return undefined;
  const last = projections[network][projection as keyof (typeof projections)["unet"]];
  return { network, name: plainModuleName(`${layer}.${last}`), part: part as Part };
}

const prefixNetworks: Readonly<Record<string, AdapterNetwork>> = { "unet.": "unet", "text_encoder.": "textEncoder" };

/** What attention processors called the projections of an attention layer. */
const projections = {
  unet: { q: "to_q", k: "to_k", v: "to_v", out: "to_out.0" },
  textEncoder: { q: "q_proj", k: "k_proj", v: "v_proj", out: "out_proj" },
} as const;

/** The network of a module, by how its name begins; undefined for networks of other kinds. */
function networkOf(name: string): AdapterNetwork | undefined {
  if (/^(text_model\.)?encoder\.layers\./.test(name)) return "textEncoder";
  if (/^(down_blocks|mid_block|up_blocks|time_embedding)\.|^conv_(in|out)\./.test(name)) return "unet";
  return undefined;
}

function byPlace(left: PairKeys, right: PairKeys): number {
  if (left.network !== right.network) return left.network === "unet" ? -1 : 1;
  return left.name < right.name ? -1 : 1;
}
