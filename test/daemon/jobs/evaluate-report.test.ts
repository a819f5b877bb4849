/** The table of made-up answers: numbers worked out by hand, and its texts as files. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { Cell } from "../../../daemon/jobs/evaluate-plan.ts";
import { resultsCsv, resultsMarkdown, resultsText } from "../../../daemon/jobs/evaluate-report.ts";
import { resultRows, usualReferences } from "../../../daemon/jobs/evaluate-results.ts";
import type { TaskResult } from "../../../daemon/jobs/evaluate-task-files.ts";
import type { LoftResults } from "../../../schemas/results.ts";

const golden = fileURLToPath(new URL("../../fixtures/evaluation", import.meta.url));

/** Four test pictures, two of each class. */
const labels = [0, 0, 1, 1];

function pictures(count: number) {
  return Array.from({ length: count }, (_, index) => {
    return { name: `${index}.png`, file: `/${index}.png`, sha256: `${index}`, label: index % 2 };
  });
}

function cell(id: string, seeds: number, more: Partial<Cell> = {}): Cell {
  const { kind = "real", imagesPerClass = null } = more;
  const tasks = Array.from({ length: seeds }, (_, seed) => ({
    ...{ id: `${id} ${seed}`, seed },
    real: kind.startsWith("real") ? pictures(4) : [],
    // One image less than the row says in the first training.
    synthetic: imagesPerClass === null ? [] : pictures(5 + seed),
  }));
  return {
    id,
    classifier: null,
    kind: "real",
    method: null,
    shots: 2,
    imagesPerClass: null,
    tasks,
    missing: [],
    ...more,
  };
}

const cells = [
  cell("zero-shot", 1, { kind: "zero-shot", shots: null }),
  cell("real-s2", 2),
  cell("loft-s2-n3", 2, { kind: "synthetic", method: "loft", imagesPerClass: 3 }),
  cell("real+loft-s2-n3", 2, { kind: "real+synthetic", method: "loft", imagesPerClass: 3 }),
];

/** The classes that a classifier names, each with 90 %. */
function answer(id: string, predicted: readonly number[]): readonly [string, TaskResult] {
  const probabilities = predicted.map((label) => (label === 0 ? [0.9, 0.1] : [0.1, 0.9]));
  return [id, { formatVersion: 1, id, probabilities, validationAccuracy: null, step: 10 }];
}

const answers = new Map([
  answer("zero-shot 0", [0, 1, 0, 1]),
  answer("real-s2 0", [0, 0, 0, 1]),
  answer("real-s2 1", [0, 1, 0, 1]),
  answer("loft-s2-n3 0", [0, 0, 1, 1]),
  answer("loft-s2-n3 1", [0, 0, 1, 1]),
  answer("real+loft-s2-n3 1", [1, 1, 1, 1]),
]);

const rows = resultRows(cells, answers, { labels, classes: 2, references: usualReferences(cells) });

const results: LoftResults = {
  formatVersion: 1,
  name: "made up",
  partial: true,
  dataset: { classes: ["cat", "a, dog"], photos: 4, test: 4, validation: null },
  reference: "real-s2",
  rows,
  sets: [
    {
      method: "loft",
      images: 6,
      frechetDistance: 0.25,
      kernelDistance: null,
      ...{ precision: 1, recall: 0.5, density: 0.75, coverage: 0.5, diversity: 0.125, labelAgreement: 0.5 },
      copies: { threshold: 0.98, images: [{ file: "a.png", photo: "b.png", cosine: 0.99 }] },
      duplicates: {
        threshold: 0.98,
        groups: [
          ["a.png", "c.png", "d.png"],
          ["e.png", "f.png"],
        ],
      },
      leftOut: [
        { rule: "rejected", threshold: null, perClass: [1, 0], files: ["e.png"] },
        { rule: "minLabelProbability", threshold: 0.2, perClass: [0, 2], files: ["a.png", "b.png"] },
        { rule: "maxImageCosine", threshold: 0.99, perClass: [0, 0], files: [] },
      ],
    },
  ],
  warnings: [{ what: "Something is odd.", fix: "Look." }],
  classifier: { name: "clip", sha256: "00", steps: 10, batchSize: 8, learningRate: 0.0001 },
  model: { name: "model", sha256: "00" },
  versions: {},
  configHash: "00",
};

describe("rows", () => {
  it("have accuracies, spread, confusion and calibration", () => {
    const [zero, real, loft, both] = rows;
    expect(zero).toMatchObject({
      mean: 0.5,
      std: null,
      confusion: [
        [1, 1],
        [1, 1],
      ],
    });
    expect(real).toMatchObject({ mean: 0.625, perClass: [0.75, 0.5], difference: null });
    expect(real!.std).toBeCloseTo(Math.SQRT2 / 8, 12);
    expect(loft).toMatchObject({ mean: 1, std: 0, perClass: [1, 1] });
    // All right at 90 %.
    expect(loft!.calibrationError).toBeCloseTo(0.1, 12);
    expect(both).toMatchObject({ runs: [{ seed: 1, accuracy: 0.5 }], missing: [{ seed: 0 }], perClass: [0, 1] });
  });

  it("have differences to the reference with an interval around them", () => {
    const { difference, low, high, confidence } = rows[2]!.difference!;
    expect(difference).toBeCloseTo(0.375, 12);
    expect(low).toBeLessThan(difference);
    expect(high).toBeGreaterThan(difference);
    expect(confidence).toBe(0.95);
    // One answer stands against both trainings.
    expect(rows[0]!.difference!.difference).toBeCloseTo(-0.125, 12);
    // Only trainings of the same seed are compared.
    expect(rows[3]!.difference!.difference).toBe(0);
  });
});

describe("rows of several classifiers", () => {
  const named = (classifier: string) => cells.map((each) => ({ ...each, classifier, id: `${classifier}:${each.id}` }));
  const both = [...named("clip"), ...named("resnet").slice(1)];
  const several = resultRows(both, answers, { labels, classes: 2, references: usualReferences(both) });
  const table: LoftResults = {
    ...results,
    reference: null,
    rows: several,
    classifiers: [results.classifier, { ...results.classifier, name: "resnet", learningRate: 0.05 }],
  };

  it("are measured from the real photos of the same one", () => {
    expect(several.map(({ id, classifier, reference }) => [id, classifier, reference])).toEqual([
      ["clip:zero-shot", "clip", "clip:real-s2"],
      ["clip:real-s2", "clip", "clip:real-s2"],
      ["clip:loft-s2-n3", "clip", "clip:real-s2"],
      ["clip:real+loft-s2-n3", "clip", "clip:real-s2"],
      ["resnet:real-s2", "resnet", "resnet:real-s2"],
      ["resnet:loft-s2-n3", "resnet", "resnet:real-s2"],
      ["resnet:real+loft-s2-n3", "resnet", "resnet:real-s2"],
    ]);
    expect(several.map(({ difference }) => difference === null)).toEqual([
      false,
      true,
      false,
      false,
      true,
      false,
      false,
    ]);
  });

  it("are measured from one that the user names, of whichever", () => {
    const found = resultRows(both, answers, { labels, classes: 2, references: "clip:real-s2" });
    expect(found.map(({ difference }) => difference === null)).toEqual([false, true, ...Array(5).fill(false)]);
    expect(found[4]).not.toHaveProperty("reference");
    expect(found[4]!.difference!.difference).toBe(0);
  });

  it("say what of a batch and of the loss is synthetic, where the file knows it", () => {
    const classifier = { ...results.classifier, syntheticShare: 0.25, realLossShare: 0.8 };
    expect(resultsMarkdown({ ...results, classifier })).toContain(
      "learning rate 0.0001 (of real + synthetic: 25 % of a batch and 20 % of the loss are synthetic).",
    );
    expect(resultsMarkdown(results)).toContain("learning rate 0.0001. Images by");
  });

  it("say whose they are, and are the best of their own", () => {
    const lines = resultsText(table).split("\n");
    expect(lines[0]).toContain("Against the classifier's real photos only (95 %)");
    expect(lines.filter((line) => line.includes(" *")).map((line) => line.split("  ")[0])).toEqual([
      "clip: LoFT",
      "resnet: LoFT",
    ]);
    expect(resultsMarkdown(table)).toContain("Classifier resnet: 10 steps of 8 pictures, learning rate 0.05.");
    const [head, first] = resultsCsv(table).split("\n");
    expect(head).toMatch(/^row,title,classifier,kind,/);
    expect(first).toMatch(/^clip:zero-shot,clip: CLIP zero-shot,clip,zero-shot,/);
  });
});

describe("rows of several numbers of shots", () => {
  const named = (shots: number) => [
    cell(`real-s${shots}`, 2, { shots }),
    cell(`loft-s${shots}-n3`, 2, { kind: "synthetic", method: "loft", shots, imagesPerClass: 3 }),
  ];
  const curve = [cells[0]!, ...named(4), ...named(2)];
  const own = new Map([
    ...answers,
    ...[0, 1].flatMap((seed) => [answer(`real-s4 ${seed}`, [0, 0, 1, 1]), answer(`loft-s4-n3 ${seed}`, [0, 0, 1, 1])]),
  ]);
  const found = resultRows(curve, own, { labels, classes: 2, references: usualReferences(curve) });
  const table: LoftResults = { ...results, partial: false, reference: null, rows: found };

  it("are measured from the real photos of as many shots, zero-shot from those of the most", () => {
    expect(found.map(({ id, reference, difference }) => [id, reference, difference?.difference])).toEqual([
      ["zero-shot", "real-s4", -0.5],
      ["real-s4", "real-s4", undefined],
      ["loft-s4-n3", "real-s4", 0],
      ["real-s2", "real-s2", undefined],
      ["loft-s2-n3", "real-s2", 0.375],
    ]);
    expect(resultsText(table)).toContain("Against real photos only of as many shots (95 %)");
    expect(resultsCsv(table)).toMatch(/loft-s2-n3,.*,real-s2,0\.375,/);
  });

  it("say where a class has fewer photos than the column says", () => {
    // Four photos of two classes.
    expect(resultsText(table)).toContain("Fewer photos than the column says: 4 of 8 at 4 shots.");
  });
});

describe("texts", () => {
  it.each([
    ["results.md", resultsMarkdown],
    ["results.csv", resultsCsv],
    ["results.txt", resultsText],
  ] as const)("%s is as it was", async (name, make) => {
    await expect(make(results)).toMatchFileSnapshot(join(golden, name));
  });
});
