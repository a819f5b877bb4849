/** Errors a user can act on: a permanent code, what happened, and what to do. Knows nothing of LoFT's own nouns. */

/** The permanent codes, each with a title. Codes are never renamed or reused. */
export const errorCodes = {
  "shape-mismatch": "Shapes do not fit together",
  "gradient-missing": "An operation has no gradient for this input",
  "provider-unavailable": "The execution provider cannot be used here",
  "session-failed": "ONNX Runtime refused or failed to run a graph",
  "out-of-memory": "The memory does not suffice",
  "not-finite": "A value became NaN or infinite",
  "safetensors-invalid": "A safetensors file is damaged or not one",
  "tensor-missing": "A tensor is missing from a checkpoint",
  "model-missing": "A model folder or one of its files is missing",
  "model-config-invalid": "A model's config file cannot be read",
  "model-config-unsupported": "A model's config asks for something this version does not do",
  "model-weights-unsupported": "A model's weights are stored in a way this version does not read",
  "model-mismatch": "The parts of a model do not belong together",
  "model-hash-mismatch": "A model file differs from its recorded hash",
  "model-not-downloaded": "A known model has not been downloaded yet",
  "model-name-taken": "Another model has this name already",
  "model-locked": "Another process is working on this model",
  "hub-offline": "Nothing is downloaded while offline mode is on",
  "hub-unreachable": "The model server cannot be reached",
  "hub-failing": "The model server fails",
  "hub-not-found": "A repository, a revision or a file is not on the model server",
  "hub-access-denied": "The model server asks for a token or for permission",
  "hub-answer-invalid": "The model server's answer makes no sense",
  "download-failed": "A model could not be had from any of its sources",
  "tokenizer-invalid": "A tokenizer's files cannot be read",
  "adapter-invalid": "An adapter file cannot be used",
  "adapter-rank-mismatch": "Adapters of different rank cannot share this graph",
  "usage-invalid": "The command line has a mistake",
  "config-invalid": "The configuration has errors",
  "config-missing": "The configuration file cannot be read",
  "captions-invalid": "The captions cannot be used",
  "data-folder-layout": "The folder of photos is not sorted into class folders",
  "data-folder-missing": "The folder of photos cannot be read",
  "data-folder-empty": "The folder of photos holds no usable photo",
  "image-unreadable": "An image file cannot be decoded",
  "image-metadata-missing": "An image carries no LoFT metadata",
  "output-unwritable": "The output folder cannot be written",
  "output-not-empty": "The output folder holds other files",
  "disk-full": "The disk is full",
  "file-unreadable": "A file cannot be read",
  "file-vanished": "A file disappeared while it was needed",
  "replay-differs": "An image does not come out as it was",
  "run-locked": "Another process is working on this run folder",
  "run-damaged": "A file of the run folder is damaged",
  "run-unknown": "No such run is known",
  "sample-unknown": "A run has no such image",
  "job-crashed": "The process of a run ended unexpectedly",
  "daemon-unreachable": "The daemon cannot be reached",
  "daemon-version": "The daemon speaks another version of the protocol",
  "daemon-busy": "The daemon refuses more at once",
  "request-invalid": "A request to the daemon has a mistake",
  interrupted: "The run was interrupted",
  "task-failed": "A task of the run failed",
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** What a user is told: `what` happened (with the values) and the `fix` (what to do now). */
export type ErrorText = { readonly what: string; readonly fix: string; readonly cause?: unknown };

/** The one error class; test `code`, never the text. */
export class LoftError extends Error {
  readonly code: ErrorCode;
  readonly what: string;
  readonly fix: string;

  constructor(code: ErrorCode, text: ErrorText) {
    super(`${text.what} ${text.fix}`, text.cause === undefined ? undefined : { cause: text.cause });
    this.name = "LoftError";
    this.code = code;
    this.what = text.what;
    this.fix = text.fix;
  }
}

/** Make a LoftError; the caller throws it. */
export function loftError(code: ErrorCode, text: ErrorText): LoftError {
  return new LoftError(code, text);
}

/** Mark the impossible branch of an exhaustive switch. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${String(value)}`);
}
