/** What the parts of the results page may do: change the view, ask the extension, tell the person. */
import type { ResultsPageState } from "./protocol.ts";
import type { ResultsHost } from "./results-host.ts";

export type ResultsPage = {
  readonly setView: (view: ResultsPageState) => void;
  readonly request: ResultsHost["request"];
  /** Show a person why what they asked for failed, until they close it. */
  readonly report: (error: unknown) => void;
  /** Say that something was done. */
  readonly say: (text: string) => void;
};
