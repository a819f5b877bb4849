/** The presets: every value that depends on the model, for each method, each with its source. */
import type { MethodName, Preset, PresetName, PresetTable } from "../config/preset.ts";
import { classifierPreset } from "./presets/classifiers.ts";
import { loftMini } from "./presets/loft-mini.ts";
import { paper } from "./presets/paper.ts";

/** All presets by name and method. */
export const presets: Readonly<Record<PresetName, Readonly<Record<MethodName, Preset>>>> = {
  paper: forMethods("paper", "The published values, for Stable Diffusion", paper),
  "loft-mini": forMethods("loft-mini", "Values for the bundled 64 px model", loftMini),
};

/**
 * The preset that a configuration asks for, as its method uses it; `auto` takes loft-mini for a model or folder of that
 * name, else paper.
 */
export function choosePreset(preset?: PresetName | "auto", model?: string, method: MethodName = "loft"): Preset {
  return presets[preset === undefined || preset === "auto" ? fittingPreset(model) : preset][method];
}

function fittingPreset(model: string | undefined): PresetName {
  const name = (model ?? "loft-mini")
    .trim()
    .split(/[\\/]+/)
    .findLast((part) => part !== "");
  return name === "loft-mini" ? "loft-mini" : "paper";
}

function forMethods(
  name: PresetName,
  title: string,
  tables: Readonly<Record<MethodName, PresetTable>>,
): Readonly<Record<MethodName, Preset>> {
  const entries = Object.entries(tables) as [MethodName, PresetTable][];
  const made = entries.map(([method, table]): [MethodName, Preset] => [
    method,
    { name, method, title, table, classifier: classifierPreset },
  ]);
  return Object.fromEntries(made) as Record<MethodName, Preset>;
}
