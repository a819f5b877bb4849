/**
 * Whether a value is the content of a `*.loft-results.json` that this version can show, or why it is not. Only what the
 * page uses is looked at, so that a file with further members is shown too. Pure.
 */
import type { LoftErrorData } from "../../schemas/protocol.ts";
import type { LoftResults, ResultRow, ResultRun, SetQuality } from "../../schemas/results.ts";
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

/** The results in the text of a file, or what its reader is told. */
export function readResultsText(text: string): ResultsReading {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { error: corrupt("The file is not JSON: it was cut off or edited.") };
  }
  return readResults(value);
}

/** As `readResultsText`, for a value that is parsed already. */
export function readResults(value: unknown): ResultsReading {
  const version = versionOf(value);
  if (version !== undefined && readableVersion < version) return { error: newer(version) };
  if (version === undefined) return { error: corrupt("The file has no formatVersion: it holds no results of LoFT.") };
  if (!isLoftResults(value)) return { error: corrupt("The file does not hold what results of LoFT must hold.") };
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

function corrupt(what: string): LoftErrorData {
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
  seconds: isNumber,
});

const isRow = isObject<
  Pick<
    ResultRow,
    | "id"
    | "title"
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
  >
>({
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
});

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
  >
>({
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
    images: isList(isObject<SetQuality["copies"]["images"][number]>({ file: isText, photo: isText, cosine: isNumber })),
  }),
});

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
    | "model"
  >
>({
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
  classifier: isObject<Omit<LoftResults["classifier"], "sha256">>({
    name: isText,
    steps: isCount,
    batchSize: isCount,
    learningRate: isNumber,
  }) as Check<LoftResults["classifier"]>,
  model: isObject<{ name: string }>({ name: isText }) as Check<LoftResults["model"]>,
});

/** Lists by class are as long as there are classes, or empty; no two rows have one id. */
const isLoftResults: Check<LoftResults> = (value): value is LoftResults => {
  if (!hasShape(value)) return false;
  const { rows, dataset } = value;
  const classes = dataset.classes.length;
  const isWhole = (list: readonly unknown[]) => list.length === 0 || list.length === classes;
  if (new Set(rows.map(({ id }) => id)).size < rows.length) return false;
  return rows.every(({ perClass, confusion }) => isWhole(perClass) && isWhole(confusion) && confusion.every(isWhole));
};
