/** Lines of the scaling plots: which rows become which line, and where they stand. */
import { describe, expect, it } from "vitest";
import { classifiersOf, resultsOfClassifier } from "../../../webviews/results/row-classifiers.ts";
import { axisPlace, imageScaling, shotScaling } from "../../../webviews/results/scaling.ts";
import { seriesStyle, shapeCorners } from "../../../webviews/results/series-style.ts";
import { fakeResults } from "../support/fake-results.ts";

const { results } = fakeResults({ shots: [16, 1, 4], images: [10, 50], seeds: 2, validation: true });

describe("shotScaling", () => {
  const { stops, series } = shotScaling(results, { split: "test", kind: "synthetic", fixed: 50 });

  it("has a line for each method and the real photos, and one throughout for zero-shot", () => {
    expect(stops).toEqual([1, 4, 16]);
    expect(series.map(({ key, isConstant, points }) => [key, isConstant, points.length])).toEqual([
      ["zero-shot", true, 1],
      ["real", false, 3],
      ...["class-prompt", "caption-prompt", "datadream-class", "datadream-dataset", "loft"].map((key) => [
        key,
        false,
        3,
      ]),
    ]);
    expect(series.at(-1)?.title).toBe("LoFT");
  });

  it("takes the rows of the chosen kind and number", () => {
    const row = results.rows.find(({ id }) => id === "loft-s4-n50")!;
    expect(series.at(-1)?.points[1]).toEqual({
      at: 4,
      mean: expect.closeTo(row.mean!, 12),
      std: expect.closeTo(row.std!, 12),
      runs: 2,
    });
    const both = shotScaling(results, { split: "test", kind: "real+synthetic", fixed: 10 });
    const other = results.rows.find(({ id }) => id === "real+loft-s4-n10")!;
    expect(both.series.at(-1)?.points[1]?.mean).toBeCloseTo(other.mean!, 12);
  });
});

it("draws one classifier's rows as if there were no other", () => {
  const options = { shots: [16, 1, 4], images: [10, 50], seeds: 2, validation: true };
  const several = fakeResults({ ...options, classifiers: ["clip", "resnet"] }).results;
  expect(classifiersOf(several.rows)).toEqual(["clip", "resnet"]);
  expect(classifiersOf(results.rows)).toEqual([]);
  const choice = { split: "test", kind: "synthetic", fixed: 50 } as const;
  const drawn = (classifier: string) => shotScaling(resultsOfClassifier(several, classifier), choice).series;
  const outline = (found: ReturnType<typeof drawn>) => found.map(({ title, points }) => [title, points.length]);
  expect(outline(drawn("resnet"))).toEqual(outline(shotScaling(results, choice).series));
  const loft = several.rows.find(({ id }) => id === "resnet:loft-s4-n50")!;
  expect(drawn("resnet").at(-1)?.points[1]?.mean).toBeCloseTo(loft.mean!, 12);
});

describe("imageScaling", () => {
  it("has real photos throughout", () => {
    const { stops, series } = imageScaling(results, { split: "validation", kind: "synthetic", fixed: 4 });
    expect(stops).toEqual([10, 50]);
    const real = results.rows.find(({ id }) => id === "real-s4")!;
    const mean = (real.runs[0]!.validationAccuracy! + real.runs[1]!.validationAccuracy!) / 2;
    expect(series[1]).toMatchObject({ key: "real", isConstant: true, points: [{ mean: expect.closeTo(mean, 12) }] });
  });

  it("leaves out rows without answers", () => {
    const rows = results.rows.map((row) => (row.method === "loft" ? { ...row, runs: [], mean: null } : row));
    const { series } = imageScaling({ ...results, rows }, { split: "test", kind: "synthetic", fixed: 4 });
    expect(series.map(({ key }) => key)).not.toContain("loft");
    const empty = imageScaling({ ...results, rows: [] }, { split: "test", kind: "synthetic", fixed: undefined });
    expect(empty).toEqual({ stops: [], series: [] });
  });
});

it("axisPlace has a place for 0, and steps of the same size for doublings", () => {
  expect([0, 1, 3, 7].map(axisPlace)).toEqual([0, 1, 2, 3]);
});

describe("seriesStyle", () => {
  it("tells every line apart without color", () => {
    const keys = [
      "loft",
      "datadream-class",
      "datadream-dataset",
      "class-prompt",
      "caption-prompt",
      "real",
      "zero-shot",
    ];
    const looks = [...keys, "something new"].map((key) => {
      const { dash, shape, width } = seriesStyle(key);
      return `${dash.join()} ${shape} ${width}`;
    });
    expect(new Set(looks).size).toBe(looks.length);
    expect(seriesStyle("toString")).toBe(seriesStyle("something new"));
  });

  it("has shapes around the middle", () => {
    for (const shape of ["square", "diamond", "triangle", "wedge", "hexagon"] as const) {
      const corners = shapeCorners(shape, 3);
      const sum = corners.reduce(([x, y], [dx, dy]) => [x + dx, y + dy] as const, [0, 0] as const);
      expect(Math.hypot(...sum), shape).toBeLessThan(1e-9);
    }
    expect(shapeCorners("circle", 3)).toEqual([]);
  });
});
