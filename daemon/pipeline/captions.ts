/** Captions for the classes of a dataset: those of a file, each class found once. Pure. */
import { loftError } from "../base/errors.ts";
import type { CaptionProblem, CaptionSection, ParsedCaptions } from "../config/captions.ts";
import { closest } from "../config/suggest.ts";
import type { Dataset, DatasetClass } from "./dataset.ts";

/** Captions by class name; they may hold the placeholders of prompts. */
export type ClassCaptions = ReadonlyMap<string, readonly string[]>;

/**
 * The captions of every class. The file calls classes by name or by folder.
 * @param file the file's name, for messages
 * @throws LoftError "captions-invalid" with everything that is wrong with the file, or with its classes
 */
export function captionsForClasses(
  { sections, problems }: ParsedCaptions,
  { classes }: Dataset,
  file: string,
): ClassCaptions {
  if (0 < problems.length) throw invalid(file, problems, "Mend them and run again.");
  const found = new Map<string, readonly string[]>();
  const wrong: CaptionProblem[] = [];
  for (const section of sections) {
    const own = classCalled(section.name, classes);
    if (own === undefined) wrong.push(unknownClass(section, classes));
    else if (found.has(own.className)) wrong.push(twice(section, own));
    else found.set(own.className, section.captions);
  }
  if (0 < wrong.length) throw invalid(file, wrong, "Mend them and run again.");
  const missing = classes.filter(({ className }) => !found.has(className)).map(({ className }) => className);
  if (missing.length === 0) return found;
  throw loftError("captions-invalid", {
    what: `${file} has no captions for ${listed(missing)}.`,
    fix: `Add a class "${missing[0]}" with at least one caption${missing.length === 1 ? "" : ", and the others likewise"}.`,
  });
}

function classCalled(name: string, classes: readonly DatasetClass[]): DatasetClass | undefined {
  const plain = name.trim().normalize("NFC");
  return (
    classes.find(({ className }) => className === plain) ??
    classes.find(({ folder }) => folder.normalize("NFC") === plain)
  );
}

function unknownClass({ name, line }: CaptionSection, classes: readonly DatasetClass[]): CaptionProblem {
  const known = classes.flatMap(({ className, folder }) => [className, folder]);
  const meant = closest(name, known);
  const fix = meant === undefined ? `The classes are ${listed([...new Set(known)])}.` : `Did you mean "${meant}"?`;
  return { line, message: `The data folder has no class "${name}".`, fix };
}

function twice({ line }: CaptionSection, { className }: DatasetClass): CaptionProblem {
  return { line, message: `The class "${className}" has captions already.`, fix: "Put them into one place." };
}

/** A file that is something else may have a problem in every line. */
const mostProblems = 20;

function invalid(file: string, problems: readonly CaptionProblem[], fix: string) {
  const shown = problems.slice(0, mostProblems);
  const lines = shown.map(({ line, message, fix: each }) => `${file}:${line}: ${message} ${each}`);
  if (mostProblems < problems.length) lines.push(`... and ${problems.length - mostProblems} more`);
  return loftError("captions-invalid", { what: `The captions have problems.\n${lines.join("\n")}`, fix });
}

function listed(names: readonly string[]): string {
  const shown = names
    .slice(0, 10)
    .map((name) => `"${name}"`)
    .join(", ");
  return names.length <= 10 ? shown : `${shown} and ${names.length - 10} more`;
}
