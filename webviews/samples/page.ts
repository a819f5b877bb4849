/** What the parts of the page may do: change the view, judge an image, ask the extension. */
import type { Verdict } from "../../schemas/protocol.ts";
import type { SamplesHost } from "./samples-host.ts";
import type { View } from "./state.ts";

export type Page = {
  readonly setView: (view: View) => void;
  /** Null takes the verdict back. */
  readonly judge: (file: string, verdict: Verdict | null) => void;
  readonly request: SamplesHost["request"];
  /** Show a person why what they asked for failed, until they close it. */
  readonly report: (error: unknown) => void;
};

/** The address of a file of the run folder; `base` is the folder's. */
export function fileUrl(base: string, file: string): string {
  return `${base}/${file.split("/").map(encodeURIComponent).join("/")}`;
}

/** Pictures up to this side are enlarged by whole pixels. */
export const tinySide = 128;
