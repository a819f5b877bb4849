/** Pictures that two splits of an evaluation share: the same bytes, or nearly the same picture in CLIP's eyes. */
import { counted } from "../base/counted.ts";
import { loftError } from "../base/errors.ts";
import { inPieces } from "../base/pieces.ts";
import { nearestRows, samePictureCosine } from "../eval/near-duplicates.ts";
import type { EvaluationPicture, EvaluationWarning } from "./evaluate-pictures.ts";
import { stopIfInterrupted } from "./job.ts";
import type { Onlooker } from "./onlooker.ts";

/** What is learned from, chosen with and judged on, by its name for people. */
export type Splits = Readonly<Record<string, readonly EvaluationPicture[]>>;

/**
 * A split whose pictures are all in another one says nothing, in whatever folders they lie. Photos that are all among
 * the test pictures are only warned of: most of the test may be sound.
 * @throws LoftError "config-invalid"
 */
export function refuseSamePictures(splits: Splits): void {
  for (const { left, pictures, right, others } of pairsOf(splits)) {
    const [own, other] = [pictures, others].map((some) => new Set(some.map(({ sha256 }) => sha256)));
    const isWithin = isSubset(own!, other!);
    const isAround = isSubset(other!, own!);
    if (isWithin && isAround)
      throw leak(`The ${left} pictures are the ${right} pictures, copied: all ${own!.size} of them.`);
    if (isWithin) throw leak(`All ${own!.size} ${left} pictures are among the ${right} pictures.`);
    if (isAround && right !== "photos")
      throw leak(`All ${other!.size} ${right} pictures are among the ${left} pictures.`);
  }
}

function isSubset(some: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  return [...some].every((each) => others.has(each));
}

function leak(what: string) {
  return loftError("config-invalid", {
    what,
    fix: "Keep test pictures apart: what a classifier learns from or is chosen with must not judge it.",
  });
}

/** Pictures that are in two splits, byte by byte. */
export function leakWarnings(splits: Splits): readonly EvaluationWarning[] {
  return pairsOf(splits).flatMap(({ left, pictures, right, others }) => {
    const known = new Map(others.map((picture) => [picture.sha256, picture.name]));
    const shared = pictures.filter(({ sha256 }) => known.has(sha256));
    if (shared.length === 0) return [];
    const [first] = shared as [EvaluationPicture];
    const example = `for example ${known.get(first.sha256)} and ${first.name}`;
    const what = `${counted(shared.length, "picture")} of ${left} ${isOrAre(shared)} in ${right}, too, ${example}.`;
    return [{ what, fix: removeThem }];
  });
}

/**
 * Pictures of different bytes that are nearly one: resized, cropped or saved anew.
 * @param photos which different pictures are measured on
 * @throws LoftError "interrupted"
 */
export async function nearLeakWarnings(
  { features }: Pick<Onlooker, "features">,
  splits: Splits,
  photos: readonly EvaluationPicture[],
  { signal }: { readonly signal: AbortSignal },
): Promise<readonly EvaluationWarning[]> {
  const stop = () => stopIfInterrupted({ signal });
  const threshold = await inPieces(samePictureCosine(await features(photos)), stop);
  const warnings: EvaluationWarning[] = [];
  for (const { left, pictures, right, others } of pairsOf(splits)) {
    const shared = new Set(others.map(({ sha256 }) => sha256));
    const own = pictures.filter(({ sha256 }) => !shared.has(sha256));
    const nearest = await inPieces(nearestRows(await features(own), await features(others)), stop);
    const near = nearest.flatMap((found, index) =>
      found === undefined || found.cosine < threshold ? [] : [{ ...found, picture: own[index]! }],
    );
    if (near.length === 0) continue;
    const closest = near.reduce((best, each) => (best.cosine < each.cosine ? each : best));
    const example = `for example ${others[closest.index]!.name} and ${closest.picture.name} (cosine ${closest.cosine.toFixed(4)})`;
    const what = `${counted(near.length, "picture")} of ${left} ${isOrAre(near)} nearly in ${right}, too, ${example}.`;
    warnings.push({ what, fix: `Look at them. ${removeThem}` });
  }
  return warnings;
}

function isOrAre({ length }: readonly unknown[]): string {
  return length === 1 ? "is" : "are";
}

const removeThem = "Remove them from one of the two: the accuracies below are too high with them.";

function pairsOf(splits: Splits) {
  const entries = Object.entries(splits);
  return entries.flatMap(([left, pictures], index) =>
    entries.slice(0, index).map(([right, others]) => ({ left, pictures, right, others })),
  );
}
