/**
 * Every array of the reference cases (diffusers, PEFT, transformers) beside its tolerance. `LOFT_REFERENCE_DIR` names a folder of further cases in the same layout.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { referenceRoot } from "../support/reference.ts";
import { groups } from "./groups.ts";
import { loadModel } from "./networks.ts";
import { type ReferenceCase, readCase } from "./reference-case.ts";

const root = process.env.LOFT_REFERENCE_DIR ?? referenceRoot;
const cases = readdirSync(root)
  .filter((name) => existsSync(join(root, name, "case.json")) && existsSync(join(root, name, "unet")))
  .sort();

describe.each(cases)("%s", (name) => {
  test("arrays are within their tolerances", { timeout: 600_000 }, async () => {
    const reference = await readCase(join(root, name));
    const model = await loadModel(reference);
    for (const group of groups) await group(reference, model);
    process.stdout.write(report(reference));
    expect(reference.comparisons.filter(({ error, tolerance }) => !(error <= tolerance))).toEqual([]);
    expect(leftOut(reference)).toEqual([]);
    expect(reference.comparisons.length).toBeGreaterThan(50);
  });
});

function report({ file, comparisons }: ReferenceCase): string {
  const row = ({ array, error, tolerance }: (typeof comparisons)[number]) =>
    `${error <= tolerance ? " " : "!"} ${array.padEnd(40)} ${error.toExponential(1).padStart(8)}  of ${tolerance.toExponential(0)}`;
  return `${file.case}\n${comparisons.map(row).join("\n")}\n`;
}

/** Expected arrays that no group compared. */
function leftOut({ file, names, compared }: ReferenceCase): readonly string[] {
  const isGiven = (name: string) =>
    file.inputs.some((pattern) => name === pattern || name.startsWith(pattern.replace(/\*$/, "")));
  return names.filter((name) => !compared.has(name) && !isGiven(name));
}
