/** What a preset is: for each method a value and its source for each field that depends on the model. The presets themselves live in pipeline/. */
import type { LoftConfig } from "../../schemas/generated/loft-config.ts";

export type PresetName = Exclude<NonNullable<LoftConfig["preset"]>, "auto">;

export type MethodName = NonNullable<LoftConfig["method"]>;

/** A group of the configuration with every field filled. */
type Filled<Group extends keyof LoftConfig> = {
  readonly [Field in keyof NonNullable<LoftConfig[Group]>]-?: NonNullable<LoftConfig[Group]>[Field] extends infer Value
    ? Exclude<Value, undefined>
    : never;
};

/** The groups that a preset fills; of steps and epochs one is null. */
export type PresetValues = {
  readonly adapter: Filled<"adapter">;
  readonly training: Filled<"training">;
  readonly fusion: Omit<Filled<"fusion">, "extra">;
  readonly sampling: Filled<"sampling">;
};

/** A value and where it was found. */
export type Sourced<Value> = { readonly value: Value; readonly source: string };

/** The values of a preset for one method, each with its source. */
export type PresetTable = {
  readonly [Group in keyof PresetValues]: {
    readonly [Field in keyof PresetValues[Group]]: Sourced<PresetValues[Group][Field]>;
  };
};

/** What depends on the classifier of an evaluation alone. */
export type ClassifierPreset = { readonly learningRate: Sourced<number> };

/** A preset as one method uses it. */
export type Preset = {
  readonly name: PresetName;
  readonly method: MethodName;
  readonly title: string;
  readonly table: PresetTable;
  /** For the classifier of this name or folder. */
  readonly classifier: (name: string) => ClassifierPreset;
};

/** Picks the preset that a configuration asks for; `auto` decides by the model's name or folder. */
export type ChoosePreset = (preset?: PresetName | "auto", model?: string, method?: MethodName) => Preset;

/** The values of a preset without their sources. */
export function presetValues({ table }: Preset): PresetValues {
  const groups = Object.entries(table).map(([group, fields]) => {
    const values = Object.entries(fields as Readonly<Record<string, Sourced<unknown>>>);
    return [group, Object.fromEntries(values.map(([field, { value }]) => [field, value]))];
  });
  return Object.fromEntries(groups) as PresetValues;
}

/** The source of one value, e.g. of `training.steps`; undefined for a field that presets do not fill. */
export function presetSource({ table }: Preset, group: string, field: string): string | undefined {
  const groups = table as Readonly<Record<string, Readonly<Record<string, Sourced<unknown>>>>>;
  return groups[group]?.[field]?.source;
}
