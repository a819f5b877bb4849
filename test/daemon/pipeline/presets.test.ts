/** Presets: which one is picked, and that each value has a source. */
import { expect, test } from "vitest";
import { choosePreset, presets } from "../../../daemon/pipeline/presets.ts";

test.each([
  ["auto", "loft-mini", "loft-mini"],
  ["auto", "../models/loft-mini/", "loft-mini"],
  ["auto", "C:\\models\\loft-mini", "loft-mini"],
  ["auto", "stable-diffusion-2-1-base", "paper"],
  [undefined, undefined, "loft-mini"],
  ["paper", "loft-mini", "paper"],
  ["loft-mini", "sd21", "loft-mini"],
] as const)("preset %s for model %s: %s", (preset, model, name) => expect(choosePreset(preset, model).name).toBe(name));

test.each(Object.values(presets))("each value of $name has a source", ({ table }) => {
  const sources = Object.values(table).flatMap((group) => Object.values(group).map(({ source }) => source as string));
  expect(sources).toHaveLength(21);
  for (const source of sources) expect(source).toMatch(/LoFT code|paper|loft-mini|model/);
});
