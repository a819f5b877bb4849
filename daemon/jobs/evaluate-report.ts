/** The results of an evaluation as text: the table as Markdown and for terminals, and as CSV. Pure. */
import type { LoftResults, ResultRow, SetQuality } from "../../schemas/results.ts";
import { counted } from "../base/counted.ts";
import { csvText } from "./csv-text.ts";

/** The table of the paper's kind, with everything that has to be said about it. */
export function resultsMarkdown(results: LoftResults): string {
  const { name, warnings } = results;
  const parts = [
    `# ${name}: results`,
    ...(results.partial ? ["**Partial: runs are missing.**"] : []),
    factsOf(results).join("\n"),
    tableOf(results),
    listOf(notesOf(results)),
    setsTable(results),
    warnings.map(({ what, fix }) => `- Warning: ${what} ${fix}`).join("\n"),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function listOf(notes: readonly string[]): string {
  return notes.map((note) => `- ${note}`).join("\n");
}

function factsOf({ classifier, classifiers = [classifier], model, dataset, datasets }: LoftResults): readonly string[] {
  const trained = [...classifiers.map(classifierText), `Images by ${model.name}.`].join(" ");
  const validation =
    dataset.validation === null
      ? "no validation pictures: the last step counts"
      : `${dataset.validation} validation pictures choose the step`;
  const pictures = `${dataset.photos} real photos, ${dataset.test} test pictures, ${validation}.`;
  if (datasets === undefined) return [trained, `${dataset.classes.length} classes, ${pictures}`];
  const links = datasets.map(({ name, results, partial }) => {
    const link = results === null ? name : `[${name}](${encodeURI(results)})`;
    return partial ? `${link} (partial)` : link;
  });
  return [trained, `Means over ${datasets.length} datasets: ${links.join(", ")}.`, pictures];
}

function classifierText(classifier: LoftResults["classifier"]): string {
  const { name, steps, batchSize, learningRate } = classifier;
  return `Classifier ${name}: ${steps} steps of ${batchSize} pictures, learning rate ${learningRate}${sharesText(classifier)}.`;
}

function sharesText({ syntheticShare, realLossShare }: LoftResults["classifier"]): string {
  if (syntheticShare === undefined || realLossShare === undefined) return "";
  const [ofBatch, ofLoss] = [syntheticShare, 1 - realLossShare].map((share) => `${Number((100 * share).toFixed(1))} %`);
  return ` (of real + synthetic: ${ofBatch} of a batch and ${ofLoss} of the loss are synthetic)`;
}

/** The table alone, columns aligned, as a terminal shows it. */
export function resultsText(results: LoftResults): string {
  const rows = cellsOf(results, (text) => `${text} *`);
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join("  ")
      .trimEnd(),
  );
  const partial = results.partial ? ["Partial: runs are missing."] : [];
  return [...lines, "* best", ...partial, ...notesOf(results)].join("\n");
}

/** What a command says at the end: the table, and where the files lie. */
export function evaluationText(results: LoftResults, shownFolder: string): string {
  return `${resultsText(results)}\nresults in ${shownFolder}`;
}

function tableOf(results: LoftResults): string {
  const [head, ...rows] = cellsOf(results, (text) => `**${text}**`);
  return markdownTable(head!, rows);
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map((_, column) => (column === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n");
}

function cellsOf(
  { rows, reference, datasets = [] }: LoftResults,
  best: (text: string) => string,
): readonly (readonly string[])[] {
  // Rows of different classifiers are not rivals.
  const rivals = (row: ResultRow) => comparable(rows).filter(({ classifier }) => classifier === row.classifier);
  const isBest = (row: ResultRow) => {
    const means = rivals(row).map(({ mean }) => mean ?? Number.NEGATIVE_INFINITY);
    return row.mean === Math.max(...means) && rivals(row).includes(row);
  };
  return [
    [
      ...["Row", "Shots", "Images", ...datasets.map(({ name }) => name)],
      ...[datasets.length === 0 ? "Accuracy" : "Mean", `${againstText(rows, reference)} (95 %)`, "ECE", "Runs"],
    ],
    ...rows.map((row) => {
      const found = accuracyText(row);
      return [
        row.title,
        row.shots === null ? "-" : String(row.shots),
        row.imagesPerClass === null ? "-" : String(row.imagesPerClass),
        ...(row.perDataset ?? []).map((cell) => (cell === null ? "-" : accuracyText(cell))),
        isBest(row) ? best(found) : found,
        differenceText(row),
        row.calibrationError === null ? "-" : percent(row.calibrationError),
        runsText(row),
      ];
    }),
  ];
}

/** The head of the differences: to one row, or of each row to its own. */
function againstText(rows: readonly ResultRow[], reference: string | null): string {
  const base = rows.find(({ id }) => id === reference);
  if (base !== undefined) return `Against ${base.title}`;
  const own = rows.filter((row) => rows.some((other) => other.reference === row.id));
  if (own.length === 0) return "Difference";
  const whose = own.some(({ classifier }) => classifier !== undefined) ? "the classifier's " : "";
  if (own.some(({ kind }) => kind !== "real")) return `Against ${whose}first row`;
  const isOfSeveral = new Set(own.map(({ shots }) => shots)).size < 2;
  return `Against ${whose}real photos only${isOfSeveral ? "" : " of as many shots"}`;
}

/** Rows whose means are over all datasets that any row has: a mean over easier ones alone would be the best of all. */
function comparable(rows: readonly ResultRow[]): readonly ResultRow[] {
  const isThere = ({ perDataset = [] }: ResultRow, index: number) => (perDataset[index]?.mean ?? null) !== null;
  return rows.filter((row) =>
    (row.perDataset ?? []).every((_, index) => isThere(row, index) || !rows.some((other) => isThere(other, index))),
  );
}

function runsText({ runs, missing, perDataset }: ResultRow): string {
  if (perDataset !== undefined) {
    const there = perDataset.filter((cell) => cell !== null && cell.mean !== null).length;
    return there === perDataset.length
      ? String(runs.length)
      : `${runs.length}, ${there} of ${perDataset.length} datasets`;
  }
  return missing.length === 0 ? String(runs.length) : `${runs.length} of ${runs.length + missing.length}`;
}

function accuracyText({ mean, std }: Pick<ResultRow, "mean" | "std">): string {
  if (mean === null) return "missing";
  return std === null ? percent(mean) : `${percent(mean)} ± ${percent(std)}`;
}

function differenceText({ difference }: ResultRow): string {
  if (difference === null) return "-";
  const signed = (value: number) => `${0 <= value ? "+" : "-"}${percent(Math.abs(value))}`;
  return `${signed(difference.difference)} [${signed(difference.low)}, ${signed(difference.high)}]`;
}

function notesOf(results: LoftResults): readonly string[] {
  const { rows } = results;
  const reasons = new Map<string, string[]>();
  for (const { id, runs, missing } of rows) {
    for (const reason of new Set(missing.map((run) => run.reason))) {
      const seeds = missing.filter((run) => run.reason === reason).map(({ seed }) => seed);
      const isWhole = runs.length === 0 && seeds.length === missing.length;
      const which = isWhole ? "" : ` ${seeds.length === 1 ? "seed" : "seeds"} ${seeds.join(", ")}`;
      reasons.set(reason, [...(reasons.get(reason) ?? []), `${id}${which}`]);
    }
  }
  const single = rows.some(({ kind, runs }) => kind !== "zero-shot" && runs.length === 1);
  return [
    ...[...reasons].map(([reason, places]) => `Missing: ${places.join(", ")}. ${reason}`),
    ...fewerPhotosNotes(results),
    ...fewerImagesNotes(results),
    ...allPhotosNotes(results),
    ...copiesNotes(results),
    ...(single
      ? [
          "A row of one run has no standard deviation, and the interval of its difference knows the chance of the test pictures alone: raise evaluation.seeds.",
        ]
      : []),
  ];
}

/** Shots whose classifiers learned from fewer photos than the column says: classes have not all as many. */
function fewerPhotosNotes({ rows, dataset: { classes } }: LoftResults): readonly string[] {
  const counts = new Map<number, number>();
  for (const { kind, shots, runs } of rows) {
    const [run] = kind === "synthetic" ? [] : runs;
    if (shots !== null && run !== undefined && run.realPictures < shots * classes.length)
      counts.set(shots, run.realPictures);
  }
  return [...counts].map(([shots, count]) => {
    const wanted = shots * classes.length;
    return `Fewer photos than the column says: ${count} of ${wanted} at ${counted(shots, "shot")}. Classes that have fewer give all of theirs, and are seen less often.`;
  });
}

/** Rows whose classifiers learned from fewer images than their columns say. */
function fewerImagesNotes({ rows, dataset: { classes } }: LoftResults): readonly string[] {
  const fewer = rows.flatMap(({ id, imagesPerClass, runs }) => {
    const wanted = (imagesPerClass ?? 0) * classes.length;
    const counts = [...new Set(runs.map((run) => run.syntheticPictures))].sort((left, right) => left - right);
    if (counts.length === 0 || wanted <= counts[0]!) return [];
    return [`${id} (${counts.join(", ")} of ${wanted})`];
  });
  const reason = "Verdicts and rules leave no more.";
  return fewer.length === 0 ? [] : [`Fewer images than the column says: ${fewer.join(", ")}. ${reason}`];
}

/** Where no photos are left to draw, runs say nothing of the choice of photos, nor of another set of images. */
function allPhotosNotes({ rows, dataset: { photos } }: LoftResults): readonly string[] {
  const isOfAll = ({ kind, runs }: ResultRow) =>
    kind !== "synthetic" && 1 < runs.length && runs.every(({ realPictures }) => realPictures === photos);
  const shots = [...new Set(rows.filter(isOfAll).map((row) => row.shots))];
  if (shots.length === 0) return [];
  const same = rows.some(({ imagesPerClass }) => imagesPerClass !== null) ? " and the same images" : "";
  const made = same === "" ? "" : " or another set of images";
  return [
    `At ${shots.join(", ")} shots every seed has all ${photos} photos${same}: ± and intervals cover training and test pictures, but not another choice of photos${made}. With evaluation.shots below data.shots each seed draws its own.`,
  ];
}

/** Images that are nearly a real photo: a generator that copies is told where everybody looks. */
function copiesNotes({ sets }: LoftResults): readonly string[] {
  return sets.flatMap(({ method, images, copies }) => {
    const [first] = copies.images;
    if (first === undefined) return [];
    const count = copies.images.length === 1 ? "is nearly a real photo" : "are nearly real photos";
    return [
      `${copies.images.length} of ${images} images of ${method} ${count}, for example ${first.file} and ${first.photo} (cosine ${first.cosine.toFixed(4)}); evaluation.maxPhotoCosine leaves such images out.`,
    ];
  });
}

function setsTable({ sets, dataset: { classes } }: LoftResults): string {
  if (sets.length === 0) return "";
  const head = [
    "Set",
    "Images",
    "Frechet",
    "Kernel x 1000",
    "Precision",
    "Recall",
    "Density",
    "Coverage",
    "Diversity",
    "Labels agree",
    "Copies",
    "Duplicates",
  ];
  const number = (value: number | null) => (value === null ? "-" : value.toFixed(3));
  const rows = sets.map((set) => [
    set.method,
    String(set.images),
    ...[
      set.frechetDistance,
      thousandfold(set.kernelDistance),
      set.precision,
      set.recall,
      set.density,
      set.coverage,
    ].map(number),
    number(set.diversity),
    percent(set.labelAgreement),
    String(set.copies.images.length),
    set.duplicates === undefined ? "-" : String(surplus(set.duplicates.groups)),
  ]);
  return [markdownTable(head, rows), setsLegend, ...leftOutNotes(sets, classes)].join("\n\n");
}

const setsLegend =
  "All images of a set against the real photos, in CLIP's features. Frechet and kernel distance: less is nearer; the first falls with the number of pictures, so compare sets of one size (of more than 5,000 images so many, evenly taken, are compared). Precision and density: images among the photos; recall and coverage: photos among the images. Diversity: mean distance (1 - cosine) of two images of a class. Labels agree: percent that zero-shot classification gives their own class.";

/** Features of length 1 make the distance a small number. */
function thousandfold(value: number | null): number | null {
  return value === null ? null : 1000 * value;
}

/** Images that an image before them in their group makes needless. */
function surplus(groups: readonly (readonly string[])[]): number {
  return groups.reduce((sum, { length }) => sum + length - 1, 0);
}

/** One line for each set and reason: how many images are left out, and of which classes. */
function leftOutNotes(sets: readonly SetQuality[], classes: readonly string[]): readonly string[] {
  const notes = sets.flatMap(({ method, images, leftOut = [] }) =>
    leftOut.map(({ rule, threshold, perClass, files }) => {
      const counts = perClass.flatMap((count, label) => (count === 0 ? [] : [`${classes[label]} ${count}`]));
      const where = counts.length === 0 ? "" : ` (${counts.join(", ")})`;
      const reason = rule === "rejected" ? "because you rejected them" : `by evaluation.${rule} ${threshold}`;
      return `- Left out of training ${reason}: ${files.length} of ${images} images of ${method}${where}.`;
    }),
  );
  return notes.length === 0 ? [] : [notes.join("\n")];
}

/** One line per run, for spreadsheets; from `mean` on, columns are of the row, and the same in the lines of its runs. */
export function resultsCsv({ rows, dataset, classifiers, reference }: LoftResults): string {
  const about = classifiers === undefined ? "row,title" : "row,title,classifier";
  const head = `${about},kind,method,shots,images_per_class,seed,accuracy,validation_accuracy,step,real,synthetic,mean,std,ece,reference,difference,low,high`;
  const lines = rows.flatMap((row) =>
    row.runs.map((run) => [
      ...[row.id, row.title, ...(classifiers === undefined ? [] : [row.classifier ?? null])],
      ...[row.kind, row.method, row.shots, row.imagesPerClass],
      ...[run.seed, run.accuracy, run.validationAccuracy, run.step, run.realPictures, run.syntheticPictures],
      ...[row.mean, row.std, row.calibrationError, ...differenceFields(row, reference), ...row.perClass],
    ]),
  );
  const columns = [...head.split(","), ...dataset.classes.map((name) => `mean accuracy of ${name}`)];
  return csvText([columns, ...lines]);
}

function differenceFields({ difference, reference: own }: ResultRow, reference: string | null) {
  if (difference === null) return [null, null, null, null];
  return [reference ?? own ?? null, difference.difference, difference.low, difference.high];
}

/** In percent with one digit, without the sign. */
function percent(share: number): string {
  return (100 * share).toFixed(1);
}
