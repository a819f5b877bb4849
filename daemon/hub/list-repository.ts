/** What a repository on the Hub holds at one commit: every file with its size and its hash. */
import { isRecord } from "../checkpoint/json-text.ts";
import { isCommit, isSafePath, isSha256 } from "./hub-names.ts";
import { type HubConnection, hubRequest, invalidAnswer } from "./hub-request.ts";

/** A file as the Hub lists it; exactly one of the two hashes is there. */
export type HubFile = {
  /** Relative to the repository, with forward slashes; safe to join to a folder. */
  readonly path: string;
  readonly bytes: number;
  /** Of the content: of large files. */
  readonly sha256?: string;
  /** Git's name of the content (SHA-1 of "blob SIZE\0" and the content): of small files. */
  readonly gitHash?: string;
};

export type HubListing = {
  readonly repository: string;
  /** The commit. */
  readonly revision: string;
  /** As its card says, a Hugging Face license id. */
  readonly license: string | undefined;
  readonly files: readonly HubFile[];
};

/** More than any listing or page of one needs: 32 MiB, 200 pages, 100,000 files. */
const largestAnswer = 1 << 25;
const mostPages = 200;
const mostFiles = 100_000;
/** 1 TiB: no file of a model is larger, so a server that says so is wrong. */
const largestFile = 2 ** 40;

/**
 * List a repository (Hub API: `/api/models/REPO/revision/REV`, then `/api/models/REPO/tree/COMMIT`, page by page).
 * @param revision a branch, a tag or a commit
 * @throws LoftError as hubRequest; "hub-answer-invalid" also for a listing that cannot be true
 */
export async function listRepository(
  connection: HubConnection,
  repository: string,
  revision: string,
): Promise<HubListing> {
  const api = `${connection.endpoint}/api/models/${repository}`;
  const info = (await requestJson(connection, `${api}/revision/${encodeURIComponent(revision)}`)).json;
  const commit = isRecord(info) ? info.sha : undefined;
  if (!isRecord(info) || !isCommit(commit)) throw invalidAnswer(`${repository}: the server names no commit.`);
  if (isCommit(revision) && commit !== revision) {
    throw invalidAnswer(`${repository}: the server has commit ${commit} where ${revision} was asked for.`);
  }
  const files = await listFiles(connection, `${api}/tree/${commit}?recursive=true`, repository);
  return { repository, revision: commit, license: licenseOf(info), files };
}

async function listFiles(connection: HubConnection, first: string, repository: string): Promise<readonly HubFile[]> {
  const files: HubFile[] = [];
  let next: string | undefined = first;
  for (let page = 0; next !== undefined; page += 1) {
    const { json, headers } = await requestJson(connection, next);
    if (!Array.isArray(json)) throw invalidAnswer(`${repository}: the server's list of files is none.`);
    for (const entry of json)
      if (!isRecord(entry) || entry.type !== "directory") files.push(readEntry(entry, repository));
    if (mostPages <= page || mostFiles < files.length)
      throw invalidAnswer(`${repository}: the list of files is endless.`);
    next = nextPage(headers.get("link"), connection.endpoint);
  }
  const names = new Set(files.map(({ path }) => path));
  if (names.size === files.length) return files;
  throw invalidAnswer(`${repository}: the server lists a file twice.`);
}

/** A file's `oid` is Git's hash; where `lfs` is there, that one is only of a pointer and `lfs.oid` is the content's. */
function readEntry(entry: unknown, repository: string): HubFile {
  if (!isRecord(entry) || typeof entry.path !== "string") throw invalidAnswer(`${repository}: a file has no name.`);
  const { path } = entry;
  if (!isSafePath(path)) {
    throw invalidAnswer(`${repository}: the server lists a file ${JSON.stringify(path.slice(0, 200))}.`);
  }
  const large = isRecord(entry.lfs) ? entry.lfs : undefined;
  const bytes = large?.size ?? entry.size;
  if (typeof bytes !== "number" || !Number.isSafeInteger(bytes) || bytes < 0 || largestFile < bytes) {
    throw invalidAnswer(`${repository}: the server says that ${path} has ${JSON.stringify(bytes)} bytes.`);
  }
  if (isSha256(large?.oid)) return { path, bytes, sha256: large.oid };
  if (large === undefined && isCommit(entry.oid)) return { path, bytes, gitHash: entry.oid };
  throw invalidAnswer(`${repository}: the server gives no hash for ${path}.`);
}

async function requestJson(connection: HubConnection, address: string): Promise<{ json: unknown; headers: Headers }> {
  const { body, headers } = await hubRequest(connection, address, { accept: "application/json" });
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body) {
    size += piece.length;
    if (largestAnswer < size) throw invalidAnswer(`${new URL(address).host} does not stop answering.`);
    pieces.push(piece);
  }
  try {
    return { json: JSON.parse(Buffer.concat(pieces).toString("utf8")), headers };
  } catch (cause) {
    const kind = headers.get("content-type")?.includes("html") ? "a web page" : "something that is not JSON";
    throw invalidAnswer(`${new URL(address).host} answers with ${kind} where a list of files should be.`, cause);
  }
}

/** The address of the next page (RFC 8288); of this server only. */
function nextPage(link: string | null, endpoint: string): string | undefined {
  const target = /<([^>]+)>;\s*rel="?next"?/.exec(link ?? "")?.[1];
  if (target === undefined) return undefined;
  if (URL.canParse(target, endpoint)) {
    const url = new URL(target, endpoint);
    if (url.origin === new URL(endpoint).origin) return url.href;
  }
  throw invalidAnswer(`${new URL(endpoint).host} continues its list of files on another server.`);
}

function licenseOf({ cardData }: Readonly<Record<string, unknown>>): string | undefined {
  const license = isRecord(cardData) ? cardData.license : undefined;
  return typeof license === "string" && /^[\w.+-]{1,80}$/.test(license) ? license : undefined;
}
