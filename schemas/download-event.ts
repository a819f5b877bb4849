/**
 * What `loft models add` tells while it goes on: one event per line with `--json`. Types only. Sizes are bytes, times are
 * seconds, paths are relative to the model's folder.
 */

export type DownloadEvent =
  | DownloadStarted
  | DownloadProgress
  | DownloadRetry
  | DownloadSourceFailed
  | DownloadFileFinished
  | DownloadNote
  | DownloadFinished;

/** A source that answered is being downloaded from. */
export type DownloadStarted = {
  readonly type: "download-started";
  readonly model: string;
  readonly repository: string;
  /** The commit. */
  readonly revision: string;
  readonly variant: "fp16" | "full";
  readonly files: number;
  readonly bytes: number;
};

/** All files together; `bytesDone` counts what earlier starts have left, the rate does not. */
export type DownloadProgress = {
  readonly type: "download-progress";
  /** The file that is being downloaded. */
  readonly path: string;
  readonly bytesDone: number;
  readonly bytes: number;
  readonly bytesPerSecond?: number;
  readonly secondsLeft?: number;
};

/** An attempt failed and will be repeated from where it got to. */
export type DownloadRetry = {
  readonly type: "download-retry";
  readonly code: string;
  readonly what: string;
  readonly waitSeconds: number;
};

/** A source is given up; the next one is tried. */
export type DownloadSourceFailed = {
  readonly type: "download-source-failed";
  readonly repository: string;
  readonly code: string;
  readonly what: string;
};

/** A file is whole and its hash is right. */
export type DownloadFileFinished = {
  readonly type: "download-file-finished";
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
};

/** Something the user should know. */
export type DownloadNote = { readonly type: "download-note"; readonly what: string };

export type DownloadFinished = {
  readonly type: "download-finished";
  readonly model: string;
  readonly folder: string;
  readonly bytes: number;
  readonly seconds: number;
};
