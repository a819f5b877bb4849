/**
 * One file from a server to this disk. The bytes go to NAME.incomplete, from where an interrupted download goes on, and the
 * file gets its name only when size and hash are right: what has its name can be used.
 */
import { type FileHandle, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { DownloadEvent } from "../../schemas/download-event.ts";
import { writeError } from "../base/atomic-file.ts";
import { loftError } from "../base/errors.ts";
import { type CheckedFile, checkFile } from "./file-check.ts";
import { type HubAnswer, type HubConnection, hubRequest, invalidAnswer } from "./hub-request.ts";
import type { HubFile } from "./list-repository.ts";
import { withRetries } from "./retry.ts";

export type FileDownload = {
  readonly connection: HubConnection;
  readonly address: string;
  readonly file: HubFile;
  /** Where it belongs; `target`.incomplete lies beside it until it is whole. */
  readonly target: string;
  /** How many bytes of this file are there, now and then. */
  readonly progress: (bytesThere: number) => void;
  readonly emit: (event: DownloadEvent) => void;
};

/** The end of the name of a file that is not whole. */
export const incompleteSuffix = ".incomplete";

/**
 * Download a file, or the rest of it.
 * @throws LoftError "model-hash-mismatch" when the bytes are not the promised ones; "hub-..." as hubRequest; "disk-full",
 *   "output-unwritable"; the signal's reason when it is aborted
 */
export async function downloadFile(download: FileDownload): Promise<CheckedFile> {
  const { file, target } = download;
  const partial = `${target}${incompleteSuffix}`;
  await writing(partial, () => mkdir(dirname(target), { recursive: true }));
  let leftover = 0 < (await sizeOf(partial));
  for (;;) {
    await fetchRest(download, partial);
    const checked = await checkFile(partial, file);
    if (checked !== undefined) {
      await writing(target, () => rename(partial, target));
      return checked;
    }
    await rm(partial, { force: true });
    download.progress(0);
    // What an earlier start had left may have been of another version; without it the answer is the server's own.
    if (!leftover) throw wrongBytes(download);
    leftover = false;
  }
}

/** Bring `partial` to the promised size. */
async function fetchRest(download: FileDownload, partial: string): Promise<void> {
  const { connection, file, emit } = download;
  if (file.bytes < (await sizeOf(partial))) await rm(partial, { force: true });
  let there = await sizeOf(partial);
  const reached = () => there;
  await withRetries({ connection, emit, reached }, async () => {
    there = await sizeOf(partial);
    if (there === file.bytes && 0 < there) return;
    const headers = 0 < there ? { range: `bytes=${there}-` } : {};
    const answer = await hubRequest(connection, download.address, headers);
    const start = await startOf(answer, there, download);
    const handle = await writing(partial, () => open(partial, start === 0 ? "w" : "r+"));
    try {
      there = start;
      for await (const piece of answer.body) {
        if (file.bytes < there + piece.length) throw tooLong(download);
        await writing(partial, () => writeWhole(handle, piece, there));
        there += piece.length;
        download.progress(there);
      }
      await writing(partial, () => handle.sync());
    } finally {
      await handle.close();
    }
    if (there < file.bytes) throw tooShort(download, there);
  });
}

/**
 * Where the body of an answer begins in the file.
 * @throws LoftError "hub-answer-invalid" when headers say that this is not the rest of the file; nothing is written then
 */
async function startOf(answer: HubAnswer, asked: number, { file, address }: FileDownload): Promise<number> {
  const { status, headers, linkedHash } = answer;
  const problem = () => {
    if (headers.get("content-type")?.includes("text/html")) return "is answered with a web page";
    if (linkedHash !== undefined && file.sha256 !== undefined && linkedHash !== file.sha256) {
      return "has another hash than in the server's own list";
    }
    const start = status === 206 ? rangeStart(headers.get("content-range"), file.bytes) : 0;
    if (status === 206 && start !== asked) return `is answered with another part (${headers.get("content-range")})`;
    const length = headers.get("content-length");
    const isPlain = (headers.get("content-encoding") ?? "identity") === "identity";
    if (length !== null && isPlain && Number(length) !== file.bytes - (start ?? 0)) {
      return `is announced with ${length.slice(0, 40)} bytes, in the list of files with ${file.bytes}`;
    }
    return undefined;
  };
  const found = problem();
  if (found === undefined) return status === 206 ? asked : 0;
  await answer.discard();
  throw invalidAnswer(`${file.path} ${found} by ${new URL(address).host}.`);
}

/** The first byte that "bytes FIRST-LAST/TOTAL" names (RFC 9110, 14.4), where it reaches to the end of the file. */
function rangeStart(range: string | null, bytes: number): number | undefined {
  const [, first, last, total] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(range ?? "") ?? [];
  const isWhole = Number(last) === bytes - 1 && (total === "*" || Number(total) === bytes);
  return first !== undefined && isWhole ? Number(first) : undefined;
}

/** A write may take fewer bytes than it was given. */
async function writeWhole(handle: FileHandle, piece: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < piece.length; ) {
    done += (await handle.write(piece, done, piece.length - done, position + done)).bytesWritten;
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

/** Failures of this disk in the user's words; they are no reason to ask another server. */
async function writing<Result>(file: string, action: () => Promise<Result>): Promise<Result> {
  return action().catch((error: unknown) => {
    throw writeError(error, file);
  });
}

function wrongBytes({ file, address }: FileDownload) {
  return loftError("model-hash-mismatch", {
    what: `${file.path} from ${new URL(address).host} is not what the server's list of files promises: its hash differs.`,
    fix: "Run the same command again; if it stays so, something between you and the server changes files, or a mirror is damaged.",
  });
}

function tooLong({ file, address }: FileDownload) {
  return invalidAnswer(`${file.path} from ${new URL(address).host} goes on after its ${file.bytes} bytes.`);
}

function tooShort({ file, address }: FileDownload, there: number) {
  return loftError("hub-unreachable", {
    what: `The connection to ${new URL(address).host} ended at byte ${there} of ${file.bytes} of ${file.path}.`,
    fix: "Run the same command again: it goes on where it was.",
  });
}
