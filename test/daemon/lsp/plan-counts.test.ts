/** Counts without a plan: the same numbers as the method's plan of the real size. */
import { describe, expect, it } from "vitest";
import { planCounts } from "../../../daemon/lsp/plan-counts.ts";
import { datasetOf } from "../../../daemon/pipeline/dataset.ts";
import { methods } from "../../../daemon/pipeline/methods/methods.ts";
import { analyzed } from "../../support/config-fixture.ts";

const folders = [
  { folder: "a", photoCount: 1 },
  { folder: "b", photoCount: 7 },
  { folder: "c", photoCount: 4 },
];

describe("planCounts", () => {
  it.each(Object.keys(methods).flatMap((method) => [1, 4, null].map((shots) => [method, shots] as const)))(
    "%s with %s shots",
    (method, shots) => {
      const prompt = method === "caption-prompt" ? { captions: "c.txt" } : {};
      const analysis = analyzed(
        JSON.stringify({ method, prompt, data: { folder: "p", shots }, sampling: { imagesPerClass: 5 } }),
      );
      const config = analysis.resolution?.config;
      if (config === undefined) throw new Error(JSON.stringify(analysis.problems));
      const found = folders.map(({ folder, photoCount }) => {
        return {
          folder,
          photos: Array.from({ length: photoCount }, (_, index) => ({
            path: `${folder}/${index}`,
            sha256: `${folder}${index}`,
          })),
        };
      });
      const dataset = datasetOf(found, config.data);
      const plan = methods[config.method].planAdapters({ config, dataset, model: { hash: "x", resolution: 64 } });
      const known = { data: { state: "folder" as const, classes: folders, loosePhotos: 0 } };
      expect(planCounts(analysis, known)).toEqual({
        classes: 3,
        photos: dataset.classes.reduce((sum, { photos }) => sum + photos.length, 0),
        adapters: plan.length,
        images: 15,
      });
    },
  );

  it("knows nothing without photos, and nothing of a document with errors", () => {
    expect(planCounts(analyzed('{ "data": { "folder": "p" } }'), {})).toBeUndefined();
    expect(planCounts(analyzed("{}"), { data: { state: "folder", classes: folders, loosePhotos: 0 } })).toBeUndefined();
  });
});
