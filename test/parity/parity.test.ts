/**
 * Every array of the reference cases (diffusers, PEFT, transformers) that this version can compute, beside its
 * tolerance. `LOFT_REFERENCE_DIR` names a folder of further cases in the same layout.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { LoftError } from "../../daemon/base/errors.ts";
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
    const model = await loadModel(reference).catch((error: unknown) => {
      if (error instanceof LoftError && error.code === "model-config-unsupported") return undefined;
      throw error;
    });
    if (model === undefined) {
      process.stdout.write(`${name}: skipped, its model needs what this version does not build yet\n`);
      return;
    }
    for (const group of groups) await group(reference, model);
    process.stdout.write(report(reference));
    expect(reference.comparisons.filter(({ error, tolerance }) => !(error <= tolerance))).toEqual([]);
    expect(reference.comparisons.length).toBeGreaterThan(50);
  });
});

function report({ file, comparisons, names, compared }: ReferenceCase): string {
  const row = ({ array, error, tolerance }: (typeof comparisons)[number]) =>
    `${error <= tolerance ? " " : "!"} ${array.padEnd(40)} ${error.toExponential(1).padStart(8)}  of ${tolerance.toExponential(0)}`;
  const given = (name: string) =>
    file.inputs.some((pattern) => name === pattern || name.startsWith(pattern.replace(/\*$/, "")));
  const skipped = [
    ...new Set(
      names.filter((name) => !compared.has(name) && !given(name)).map((name) => name.split(".").slice(0, 2).join(".")),
    ),
  ];
  return `${file.case}\n${comparisons.map(row).join("\n")}\nnot built yet: ${skipped.join(", ") || "nothing"}\n`;
}
