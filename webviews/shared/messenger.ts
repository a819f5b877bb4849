/** What a page can do with the editor it lives in. Types only, so that what talks needs no DOM. */

export type Host = {
  readonly postMessage: (message: unknown) => void;
  /** What the page kept for the next time it is shown. */
  readonly getState: () => unknown;
  readonly setState: (state: unknown) => void;
  /** Called with each message of the extension; anything from another origin is ignored. */
  readonly listen: (receive: (message: unknown) => void) => void;
};
