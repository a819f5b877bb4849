/** Several configurations in one table: one that fails keeps none of the others from it. */
import { cpSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { evaluateDatasets } from "../../../daemon/jobs/evaluate-datasets.ts";
import type { RunEvent } from "../../../schemas/run-event.ts";
import { loftErrorOf } from "../../support/loft-error.ts";
import { modelsFolder } from "../../support/run-in-process.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { makeTinyEvaluation } from "../../support/tiny-evaluation.ts";

const schemaFile = fileURLToPath(new URL("../../../schemas/loft-results.schema.json", import.meta.url));

/** Three datasets without training; the test pictures of the last one are gone. */
async function threeDatasets() {
  const folder = await temporaryFolder();
  const runs = [];
  for (const name of ["a", "b", "c"]) runs.push(await makeTinyEvaluation(join(folder, name), { rows: ["zero-shot"] }));
  await rm(join(folder, "c", "test"), { recursive: true });
  const request = {
    ...{ modelsFolder, onlyClasses: [], emit: () => undefined, signal: new AbortController().signal },
    folder: join(folder, "results"),
  };
  return { request, configFiles: runs.map(({ folder: own, config }) => join(own, config)) };
}

describe("several datasets", { timeout: 120_000 }, () => {
  it("end in a table of their means, partial where one failed", async () => {
    const { request, configFiles } = await threeDatasets();
    const { results, failures } = await evaluateDatasets({ ...request, configFiles });
    expect(results.partial).toBe(true);
    expect([...failures].map(([file, { code }]) => [file, code])).toEqual([[configFiles[2], "data-folder-missing"]]);
    expect(results.datasets!.map(({ name, results: file, partial }) => [name, file, partial])).toEqual([
      ["tiny (a)", "../a/runs/tiny/evaluation/results.loft-results.json", false],
      ["tiny (b)", "../b/runs/tiny/evaluation/results.loft-results.json", false],
      ["tiny (c)", null, true],
    ]);
    const written = JSON.parse(await readFile(join(request.folder, "results.loft-results.json"), "utf8"));
    expect(written).toEqual(JSON.parse(JSON.stringify(results)));
    const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true });
    const validate = ajv.compile(JSON.parse(await readFile(schemaFile, "utf8")));
    validate(written);
    expect(validate.errors).toBeNull();
    const means = results.rows[0]!.perDataset!.map((cell) => cell?.mean ?? null);
    expect(results.rows[0]!.mean).toBeCloseTo((means[0]! + means[1]!) / 2, 12);
    expect(means[2]).toBeNull();
    expect(await readFile(join(request.folder, "results.md"), "utf8")).toContain("Means over 3 datasets");
  });

  it("are all checked before the first begins, and one that is mended meanwhile takes part", async () => {
    const { request, configFiles: all } = await threeDatasets();
    const configFiles = [all[0]!, all[2]!];
    const test = (name: string) => join(request.folder, "..", name, "test");
    const told: string[] = [];
    const emit = (event: RunEvent) => {
      told.push(event.type === "warning" ? event.what : event.type);
      if (event.type === "evaluation") cpSync(test("a"), test("c"), { recursive: true });
    };
    const { results, failures } = await evaluateDatasets({ ...request, configFiles, emit });
    expect(told[0]).toMatch(/^tiny\.loft\.json: .*test/);
    expect(told.slice(1)).toContain("evaluation");
    expect([results.partial, failures.size]).toEqual([false, 0]);
  });

  it("throw what the first one throws when all fail, and refuse one that is given twice", async () => {
    const { request, configFiles } = await threeDatasets();
    const [first, , last] = configFiles as [string, string, string];
    await loftErrorOf(() => evaluateDatasets({ ...request, configFiles: [last] }), "data-folder-missing");
    const twice = () => evaluateDatasets({ ...request, configFiles: [first, first] });
    expect((await loftErrorOf(twice, "usage-invalid")).what).toContain("given twice");
  });
});
