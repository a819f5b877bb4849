/**
 * A small server on 127.0.0.1 that speaks the Hub's routes as far as LoFT uses them, honest unless told otherwise:
 * /api/models/REPO/revision/REV, /api/models/REPO/tree/COMMIT (in pages), /REPO/resolve/REV/FILE with ETag, Range and,
 * for large files, a redirect to where the bytes are.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { tinyModelFolder } from "./tiny-run.ts";

/** Answers one request instead of the honest server. */
export type HubAnswerer = (request: IncomingMessage, response: ServerResponse) => void;

export type SeenRequest = {
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
};

export type HubFiles = ReadonlyMap<string, Buffer>;

export type HubRepository = {
  readonly files: HubFiles;
  readonly license?: string;
  /** Changes the list of files before it is sent. */
  readonly list?: (entries: readonly HubEntry[]) => unknown;
};

export type HubEntry = {
  readonly type: string;
  readonly path: string;
  readonly size: number;
  readonly oid: string;
  readonly lfs?: { readonly oid: string; readonly size: number; readonly pointerSize: number };
};

export type HubServer = {
  /** http://127.0.0.1:PORT */
  readonly url: string;
  readonly seen: readonly SeenRequest[];
  /** Answers the next requests whose path ends so, one each, in this order. */
  readonly next: (pathEnd: string, ...answers: readonly HubAnswerer[]) => void;
  /** Answers all requests whose path holds this; the latest such order counts. */
  readonly always: (pathPart: string, answer: HubAnswerer) => void;
};

/** The only commit of every repository. */
export const hubCommit = "0123456789abcdef0123456789abcdef01234567";

const largeFile = /\.(safetensors|bin)$/;
const entriesPerPage = 5;

/**
 * Serve repositories until the running test ends.
 * @param cdn where the bytes of large files are; this server itself unless said
 */
export async function startHubServer(
  repositories: Readonly<Record<string, HubRepository>>,
  cdn?: string,
): Promise<HubServer> {
  const seen: SeenRequest[] = [];
  const queues: { readonly pathEnd: string; readonly answers: HubAnswerer[] }[] = [];
  const standing: { readonly pathPart: string; readonly answer: HubAnswerer }[] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "");
    seen.push({ path, range: request.headers.range, authorization: request.headers.authorization });
    const queue = queues.find(({ pathEnd, answers }) => path.endsWith(pathEnd) && 0 < answers.length);
    const fault = queue?.answers.shift() ?? standing.findLast(({ pathPart }) => path.includes(pathPart))?.answer;
    if (fault !== undefined) fault(request, response);
    else honest(repositories, cdn ?? "", path, request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    next: (pathEnd, ...answers) => queues.push({ pathEnd, answers: [...answers] }),
    always: (pathPart, answer) => standing.push({ pathPart, answer }),
  };
}

/** An address on this machine where nobody listens. */
export async function silentAddress(): Promise<string> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return `http://127.0.0.1:${port}`;
}

/** The tiny model of the reference cases, as files of a repository. */
export async function tinyModelFiles(): Promise<HubFiles> {
  const files = new Map<string, Buffer>([["README.md", Buffer.from("---\nlicense: mit\n---\n")]]);
  for (const part of ["", "scheduler", "text_encoder", "tokenizer", "unet", "vae"]) {
    for (const entry of await readdir(join(tinyModelFolder, part), { withFileTypes: true })) {
      if (!entry.isFile() || (part === "" && entry.name !== "model_index.json")) continue;
      const path = part === "" ? entry.name : `${part}/${entry.name}`;
      files.set(path, await readFile(join(tinyModelFolder, path)));
    }
  }
  return files;
}

/** The files with others in their place, or without some (undefined). */
export function withFiles(files: HubFiles, changes: Readonly<Record<string, Buffer | undefined>>): HubFiles {
  const changed = new Map(files);
  for (const [path, content] of Object.entries(changes)) {
    if (content === undefined) changed.delete(path);
    else changed.set(path, content);
  }
  return changed;
}

export function sha256Of(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

export function gitHashOf(content: Buffer): string {
  return createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
}

/** A whole answer. */
export function answer(status: number, headers: Readonly<Record<string, string>> = {}, body = ""): HubAnswerer {
  return (_, response) => {
    response.writeHead(status, headers);
    response.end(body);
  };
}

/** A sign-in page, as hotels and proxies give it. */
export const webPage = answer(200, { "content-type": "text/html; charset=utf-8" }, "<html>Please sign in.</html>");

/**
 * The right headers and the first bytes, then the connection is cut, so late that the other side has had the time to read
 * them; how many it has read is the system's affair all the same.
 */
export function cutAfter(content: Buffer, bytes: number): HubAnswerer {
  return (request, response) => {
    const start = rangeStart(request);
    sendPart(response, content, start);
    response.write(content.subarray(start, start + bytes), () => {
      setTimeout(() => response.socket?.destroy(), 30);
    });
  };
}

/** The first bytes, without a word on how many there are, then a polite end: all of them arrive. */
export function endAfter(content: Buffer, bytes: number): HubAnswerer {
  return (request, response) => {
    const start = rangeStart(request);
    const range = { "content-range": `bytes ${start}-${content.length - 1}/${content.length}` };
    if (start === 0) response.writeHead(200);
    else response.writeHead(206, range);
    response.write(content.subarray(start, start + bytes));
    response.end();
  };
}

/** The right headers and the first bytes, then nothing, with the connection open. */
export function silentAfter(content: Buffer, bytes: number): HubAnswerer {
  return (request, response) => {
    const start = rangeStart(request);
    sendPart(response, content, start);
    response.write(content.subarray(start, start + bytes));
  };
}

/** Nothing at all, with the connection open. */
export const silence: HubAnswerer = () => undefined;

/** Other content than was asked for, without a length and without parts. */
export function streamed(content: Buffer): HubAnswerer {
  return (_, response) => {
    response.writeHead(200);
    response.write(content);
    response.end();
  };
}

function honest(
  repositories: Readonly<Record<string, HubRepository>>,
  cdn: string,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const [, api, ref] = /^\/api\/models\/([^/]+\/[^/]+)\/((?:revision|tree)\/.+)$/.exec(path) ?? [];
  const [, large] = /^\/cdn\/([0-9a-f]{64})$/.exec(path) ?? [];
  const contents = Object.values(repositories).flatMap(({ files }) => [...files.values()]);
  const blob = contents.find((content) => sha256Of(content) === large);
  if (api !== undefined && ref !== undefined) answerApi(repositories[api], ref, request, response);
  else if (blob !== undefined) sendFile(request, response, blob, {});
  else resolveFile(repositories, cdn, path, request, response);
}

function resolveFile(
  repositories: Readonly<Record<string, HubRepository>>,
  cdn: string,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const [, name = "", revision, file = ""] = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(path) ?? [];
  const content = repositories[name]?.files.get(file);
  if (content === undefined || (revision !== "main" && revision !== hubCommit)) {
    missing(response, "EntryNotFound");
  } else if (largeFile.test(file)) {
    const hash = sha256Of(content);
    const headers = {
      "x-linked-etag": `"${hash}"`,
      "x-linked-size": String(content.length),
      "x-repo-commit": hubCommit,
    };
    response.writeHead(302, { ...headers, location: `${cdn}/cdn/${hash}` });
    response.end();
  } else {
    sendFile(request, response, content, { etag: `"${gitHashOf(content)}"` });
  }
}

function answerApi(
  repository: HubRepository | undefined,
  ref: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const [, kind, revision, query] = /^(\w+)\/([^?]+)(.*)$/.exec(ref) ?? [];
  if (repository === undefined) {
    response.writeHead(401, { "x-error-code": "RepoNotFound" });
    response.end("{}");
  } else if (revision !== "main" && revision !== hubCommit) {
    missing(response, "RevisionNotFound");
  } else if (kind === "revision") {
    sendJson(response, { sha: hubCommit, cardData: { license: repository.license } });
  } else {
    sendTree(repository, new URLSearchParams(query), request, response);
  }
}

function sendTree(
  { files, list = (entries) => entries }: HubRepository,
  query: URLSearchParams,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const listed = list(entriesOf(files));
  const all = Array.isArray(listed) ? listed : [];
  const start = Number(query.get("cursor") ?? 0);
  const end = start + entriesPerPage;
  const path = (request.url ?? "").split("?")[0];
  const next = `<http://${request.headers.host}${path}?recursive=true&cursor=${end}>; rel="next"`;
  sendJson(response, Array.isArray(listed) ? all.slice(start, end) : listed, end < all.length ? { link: next } : {});
}

function entriesOf(files: HubFiles): readonly HubEntry[] {
  const folders = new Set(
    [...files.keys()].filter((path) => path.includes("/")).map((path) => path.split("/")[0] ?? ""),
  );
  const entries = [...files].map(([path, content]): HubEntry => {
    const entry = { type: "file", path, size: content.length, oid: gitHashOf(content) };
    if (!largeFile.test(path)) return entry;
    return { ...entry, lfs: { oid: sha256Of(content), size: content.length, pointerSize: 135 } };
  });
  return [...[...folders].map((path) => ({ type: "directory", path, size: 0, oid: hubCommit })), ...entries];
}

function sendJson(response: ServerResponse, value: unknown, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(200, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(value));
}

function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  content: Buffer,
  headers: Readonly<Record<string, string>>,
): void {
  const start = rangeStart(request);
  sendPart(response, content, start, headers);
  response.end(content.subarray(start));
}

function sendPart(
  response: ServerResponse,
  content: Buffer,
  start: number,
  headers: Readonly<Record<string, string>> = {},
): void {
  const length = { "content-length": String(content.length - start), ...headers };
  const range = `bytes ${start}-${content.length - 1}/${content.length}`;
  if (start === 0) response.writeHead(200, length);
  else response.writeHead(206, { ...length, "content-range": range });
}

function rangeStart(request: IncomingMessage): number {
  return Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
}

function missing(response: ServerResponse, reason: string): void {
  response.writeHead(404, { "x-error-code": reason });
  response.end("{}");
}
