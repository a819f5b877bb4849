/**
 * Whether a value is the content of a `*.loft-results.json` that this version can show, or why it is not. Only what the
 * page uses is looked at, so that a file with further members is shown too. Pure.
 */
import type { LoftErrorData } from "../../schemas/protocol.ts";
import type {
  DatasetCell,
  LeftOut,
  LoftResults,
  ResultClassifier,
  ResultDataset,
  ResultRow,
  ResultRun,
  SetQuality,
} from "../../schemas/results.ts";
import {
  type Check,
  isCount,
  isEither,
  isFlag,
  isList,
  isNull,
  isNumber,
  isObject,
  isOneOf,
  isText,
} from "../shared/check.ts";

/** The `formatVersion` that is understood. */
export const readableVersion = 1;

export type ResultsReading = { readonly results: LoftResults } | { readonly error: LoftErrorData };

/** The results in a value that is parsed already, or what the reader of the file is told. */
export function readResults(value: unknown): ResultsReading {
  const version = versionOf(value);
  if (version !== undefined && readableVersion < version) return { error: newer(version) };
  if (version === undefined)
    return { error: corruptResults("The file has no formatVersion: it holds no results of LoFT.") };
  if (!isLoftResults(value)) return { error: corruptResults("The file does not hold what results of LoFT must hold.") };
  return { results: value };
}

function versionOf(value: unknown): number | undefined {
  return isObject<{ formatVersion: number }>({ formatVersion: isCount })(value) ? value.formatVersion : undefined;
}

function newer(version: number): LoftErrorData {
  return {
    code: "results-newer",
    what: `The file is of format version ${version}; this LoFT reads version ${readableVersion}.`,
    fix: "Update the LoFT extension, or open the file as text.",
  };
}

/** What is said of a file that cannot be understood. */
export function corruptResults(what: string): LoftErrorData {
  return {
    code: "results-corrupt",
    what,
    fix: "Run the evaluation again: it finds what is done and writes the file anew. Or open the file as text.",
  };
}

const isShare: Check<number> = (value): value is number => isNumber(value) && 0 <= value && value <= 1;
const isNumberOrNull = isEither(isNumber, isNull);
const isCountOrNull = isEither(isCount, isNull);

const isRun = isObject<Omit<ResultRun, "task">>({
  seed: isCount,
  accuracy: isShare,
  validationAccuracy: isEither(isShare, isNull),
  step: isCount,
  realPictures: isCount,
  syntheticPictures: isCount,
});

const isDatasetCell = isObject<DatasetCell>({
  mean: isEither(isShare, isNull),
  std: isNumberOrNull,
  runs: isCount,
  missing: isCount,
});

const isRow = isObject<
  Pick<
    ResultRow,
    | "id"
    | "title"
    | "classifier"
    | "reference"
    | "kind"
    | "method"
    | "shots"
    | "imagesPerClass"
    | "runs"
    | "missing"
    | "mean"
    | "std"
    | "perClass"
    | "confusion"
    | "calibrationError"
    | "difference"
    | "perDataset"
  >
>(
  {
    id: isText,
    title: isText,
    kind: isOneOf<ResultRow["kind"]>("zero-shot", "real", "synthetic", "real+synthetic"),
    method: isEither(isText, isNull),
    shots: isCountOrNull,
    imagesPerClass: isCountOrNull,
    runs: isList(isRun as Check<ResultRun>),
    missing: isList(isObject<ResultRow["missing"][number]>({ seed: isCount, reason: isText })),
    mean: isEither(isShare, isNull),
    std: isNumberOrNull,
    perClass: isList(isNumber),
    confusion: isList(isList(isCount)),
    calibrationError: isNumberOrNull,
    difference: isEither(
      isObject<NonNullable<ResultRow["difference"]>>({
        difference: isNumber,
        low: isNumber,
        high: isNumber,
        confidence: isNumber,
      }),
      isNull,
    ),
  },
  { perDataset: isList(isEither(isDatasetCell, isNull)), classifier: isText, reference: isEither(isText, isNull) },
);

const isSet = isObject<
  Pick<
    SetQuality,
    | "method"
    | "images"
    | "frechetDistance"
    | "kernelDistance"
    | "precision"
    | "recall"
    | "density"
    | "coverage"
    | "diversity"
    | "labelAgreement"
    | "copies"
    | "duplicates"
    | "leftOut"
  >
>(
  {
    method: isText,
    images: isCount,
    frechetDistance: isNumberOrNull,
    kernelDistance: isNumberOrNull,
    precision: isNumber,
    recall: isNumber,
    density: isNumber,
    coverage: isNumber,
    diversity: isNumberOrNull,
    labelAgreement: isNumber,
    copies: isObject<SetQuality["copies"]>({
      threshold: isNumber,
      images: isList(
        isObject<SetQuality["copies"]["images"][number]>({ file: isText, photo: isText, cosine: isNumber }),
      ),
    }),
  },
  {
    duplicates: isObject<NonNullable<SetQuality["duplicates"]>>({
      threshold: isNumber,
      groups: isList(isList(isText)),
    }),
    leftOut: isList(
      // A rule that this version does not know is shown by its name.
      isObject<LeftOut>({
        rule: isText as Check<string> as Check<LeftOut["rule"]>,
        threshold: isNumberOrNull,
        perClass: isList(isCount),
        files: isList(isText),
      }),
    ),
  },
);

const isDataset = isObject<ResultDataset>({
  name: isText,
  results: isEither(isText, isNull),
  partial: isFlag,
  problem: isEither(isObject<{ what: string; fix: string }>({ what: isText, fix: isText }), isNull),
});

const isClassifier = isObject<Omit<ResultClassifier, "sha256">>(
  { name: isText, steps: isCount, batchSize: isCount, learningRate: isNumber },
  { syntheticShare: isShare, realLossShare: isShare },
) as Check<ResultClassifier>;

const hasShape = isObject<
  Pick<
    LoftResults,
    | "formatVersion"
    | "name"
    | "partial"
    | "dataset"
    | "reference"
    | "rows"
    | "sets"
    | "warnings"
    | "classifier"
    | "classifiers"
    | "model"
    | "datasets"
  >
>(
  {
    formatVersion: (value): value is 1 => value === readableVersion,
    name: isText,
    partial: isFlag,
    dataset: isObject<LoftResults["dataset"]>({
      classes: isList(isText),
      photos: isCount,
      test: isCount,
      validation: isCountOrNull,
    }),
    reference: isEither(isText, isNull),
    rows: isList(isRow as Check<ResultRow>),
    sets: isList(isSet as Check<SetQuality>),
    warnings: isList(isObject<LoftResults["warnings"][number]>({ what: isText, fix: isText })),
    classifier: isClassifier,
    model: isObject<{ name: string }>({ name: isText }) as Check<LoftResults["model"]>,
  },
  { datasets: isList(isDataset), classifiers: isList(isClassifier) },
);

/** Lists by class or dataset are as long as there are of these, or empty; no two rows have one id. */
const isLoftResults: Check<LoftResults> = (value): value is LoftResults => {
  if (!hasShape(value)) return false;
  const { rows, dataset, datasets = [] } = value;
  const classes = dataset.classes.length;
  const isWhole = (list: readonly unknown[]) => list.length === 0 || list.length === classes;
  if (new Set(rows.map(({ id }) => id)).size < rows.length) return false;
  return rows.every(({ perClass, confusion, perDataset }) => {
    const isComplete = perDataset === undefined || perDataset.length === datasets.length;
    return isComplete && isWhole(perClass) && isWhole(confusion) && confusion.every(isWhole);
  });
};
