/**
 * A run folder with the results of an evaluation, written as an evaluation writes them, in no time: made-up answers to
 * real pictures. The synthetic images are copies of photos, for nobody looks at them but people.
 */
import { cpSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { resultsCsv, resultsMarkdown } from "../../../daemon/jobs/evaluate-report.ts";
import type { LoftResults } from "../../../schemas/results.ts";
import type { ResultsPictures } from "../../../schemas/results-pictures.ts";
import { fakeResults } from "../../webviews/support/fake-results.ts";
import { root } from "./root.ts";

const example = join(root, "examples", "quick-start");
const classes = ["bird", "car", "cat", "flower"];
const perClass = 20;

/** In the workspace. */
export const resultsPath = "runs/shoes/evaluation/results.loft-results.json";

/** Put four test pictures of the usual classes into a workspace. */
export function copyTestPictures(workspace: string): void {
  for (const name of ["car", "cat"]) copyPictures(join(example, "test", name), join(workspace, "test", name), name, 4);
}

/** Put runs/shoes with results, and the test pictures that they are of, into a workspace. */
export function fillWithResults(workspace: string): void {
  const run = join(workspace, "runs", "shoes");
  const evaluation = join(run, "evaluation");
  for (const folder of [evaluation, join(run, ".loft"), join(workspace, "photos"), join(workspace, "test")])
    mkdirSync(folder, { recursive: true });
  const { results, answers } = fakeResults({ classes, shots: [1, 4], images: [4], seeds: 3 });
  const test = classes.flatMap((name) =>
    copyPictures(join(example, "test", name), join(workspace, "test", name), name),
  );
  const photos = classes.map((name) =>
    copyPictures(join(example, "train", name), join(workspace, "photos", name), name),
  );
  const methods = results.sets.map(({ method }) => ({ method, folder: method === "loft" ? "" : `methods/${method}` }));
  for (const { folder } of methods) {
    for (const [index, name] of classes.entries())
      copyAsImages(join(workspace, "photos"), photos[index]!, join(run, folder, "data", "train", name));
  }
  const pictures: ResultsPictures = {
    formatVersion: 1,
    photos: "../../photos",
    test: "../../test",
    classes: classes.map((name, index) => ({ name, folder: name, photos: photos[index]! })),
    methods,
  };
  writeFileSync(join(evaluation, "pictures.json"), JSON.stringify(pictures));
  writeFileSync(join(evaluation, "predictions.jsonl"), predictionLines(results, answers, test));
  writeFileSync(join(evaluation, "results.csv"), resultsCsv(results));
  writeFileSync(join(evaluation, "results.md"), resultsMarkdown(results));
  writeFileSync(join(workspace, resultsPath), JSON.stringify(results, undefined, 2));
}

/** Names relative to the folder of class folders; repeated with other names until there are enough. */
function copyPictures(from: string, to: string, className: string, count = perClass): readonly string[] {
  mkdirSync(to, { recursive: true });
  const files = readdirSync(from)
    .filter((name) => name.endsWith(".png"))
    .sort();
  return Array.from({ length: count }, (_, index) => {
    const file = files[index % files.length]!;
    const name = `${String(index).padStart(2, "0")}-${file}`;
    cpSync(join(from, file), join(to, name));
    return `${className}/${name}`;
  });
}

function copyAsImages(photosFolder: string, photos: readonly string[], to: string): void {
  mkdirSync(to, { recursive: true });
  for (const [index, photo] of photos.slice(0, 4).entries())
    cpSync(join(photosFolder, ...photo.split("/")), join(to, `${String(index + 1).padStart(6, "0")}.png`));
}

type Answers = ReturnType<typeof fakeResults>["answers"];

function predictionLines(results: LoftResults, answers: Answers, test: readonly string[]): string {
  const lines = results.rows.flatMap(({ id, runs }) =>
    runs.flatMap(({ seed }) =>
      (answers.get(`${id} ${seed}`) ?? []).map(({ label, predicted, probability }, index) => {
        const others = (1 - probability) / (classes.length - 1);
        const probabilities = classes.map((_, place) => (place === predicted ? probability : others));
        return `${JSON.stringify({ row: id, seed, file: test[index], label, predicted, probabilities })}\n`;
      }),
    ),
  );
  return lines.join("");
}
