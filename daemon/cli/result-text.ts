/** What commands print about a run that is done. Pure, and free of the pipeline: it may be loaded early. */
import { relative } from "node:path";

type RunPart = "everything" | "adapters" | "images";

/** What is told of a run that is done, with its folder as the user sees it. */
export function finishedText({ part }: { readonly part: RunPart }, root: string): string {
  const done = { everything: "dataset", adapters: "adapters", images: "dataset" }[part];
  const next = part === "adapters" ? "next: loft sample with the same configuration" : `next: loft sheet ${root}`;
  return `${done} in ${root}\n${next}`;
}

/** A path as the user sees it: from the working folder. */
export function shownPath({ workingFolder }: { readonly workingFolder: string }, path: string): string {
  return relative(workingFolder, path) || ".";
}
