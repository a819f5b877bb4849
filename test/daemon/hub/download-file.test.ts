/** One file from a server that is honest, broken, slow or lying: it is right, or it does not get its name. */
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ErrorCode } from "../../../daemon/base/errors.ts";
import { downloadFile, type FileDownload } from "../../../daemon/hub/download-file.ts";
import type { DownloadEvent } from "../../../schemas/download-event.ts";
import { testConnection, testTimeoutSeconds } from "../../support/add-model.ts";
import {
  answer,
  cutAfter,
  endAfter,
  gitHashOf,
  type HubAnswerer,
  type HubServer,
  hubCommit,
  sha256Of,
  silence,
  silentAddress,
  silentAfter,
  startHubServer,
  streamed,
  webPage,
} from "../../support/hub-server.ts";
import { loftErrorOf } from "../../support/loft-error.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const large = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7919) % 251));
const small = Buffer.from('{"small": true}\n');
const largePath = "unet/big.safetensors";
const cdnPath = `/cdn/${sha256Of(large)}`;

describe("downloadFile", () => {
  it.each([
    ["a large file by its SHA-256", largePath, large],
    ["a small file by Git's hash", "unet/config.json", small],
  ])("gets %s", async (_, path, content) => {
    const { download, target, partial } = await setUp(path, content);
    expect(await downloadFile(download)).toEqual({ sha256: sha256Of(content) });
    expect(await holds(target, content)).toBe(true);
    await expect(stat(partial)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("goes on where an answer ended, and asks only for the rest", async () => {
    const { server, download, target, events } = await setUp(largePath, large);
    server.next(cdnPath, endAfter(large, 100_000), endAfter(large, 50_000));
    await downloadFile(download);
    expect(await holds(target, large)).toBe(true);
    const ranges = server.seen.filter(({ path }) => path === cdnPath).map(({ range }) => range);
    expect(ranges).toEqual([undefined, "bytes=100000-", "bytes=150000-"]);
    expect(events.map(({ type }) => type)).toEqual(["download-retry", "download-retry"]);
  });

  it("goes on after cut connections with whatever has arrived", async () => {
    const { server, download, target } = await setUp(largePath, large);
    server.next(cdnPath, cutAfter(large, 100_000), cutAfter(large, 50_000));
    await downloadFile(download);
    expect(await holds(target, large)).toBe(true);
    const starts = server.seen.filter(({ path }) => path === cdnPath).map(({ range }) => rangeStart(range));
    expect(starts).toEqual([...starts].sort((left, right) => left - right));
    expect(starts).toHaveLength(3);
  });

  it("counts the repetitions anew whenever bytes came", async () => {
    const { server, download, target } = await setUp(largePath, large);
    server.next(cdnPath, ...Array.from({ length: 10 }, () => endAfter(large, 20_000)));
    await downloadFile(download);
    expect(await holds(target, large)).toBe(true);
  });

  it("goes on where an earlier process ended", async () => {
    const { server, download, target, partial } = await setUp(largePath, large);
    await put(partial, large.subarray(0, 299_999));
    await downloadFile(download);
    expect(await holds(target, large)).toBe(true);
    expect(server.seen.at(-1)?.range).toBe("bytes=299999-");
  });

  it("needs no request for a leftover that is whole", async () => {
    const { server, download, target, partial } = await setUp(largePath, large);
    await put(partial, large);
    await downloadFile(download);
    expect(await holds(target, large)).toBe(true);
    expect(server.seen).toEqual([]);
  });

  it.each([
    ["of another version", Buffer.alloc(150_000, 1)],
    ["that is longer than the file", Buffer.alloc(300_001, 1)],
    ["of the right length with wrong bytes", Buffer.alloc(300_000, 1)],
  ])("starts again from nothing with a leftover %s", async (_, leftover) => {
    const { download, target, partial } = await setUp(largePath, large);
    await put(partial, leftover);
    await downloadFile(download);
    expect(await holds(target, large)).toBe(true);
  });

  it("starts again when the server knows no ranges", async () => {
    const { server, download, target, partial } = await setUp(largePath, large);
    await put(partial, large.subarray(0, 1000));
    server.next(cdnPath, streamed(large));
    await downloadFile(download);
    expect(await holds(target, large)).toBe(true);
  });

  it("waits out a server that fails now and then", async () => {
    const { server, download, target, events } = await setUp(largePath, large);
    server.next("big.safetensors", answer(500), answer(503), answer(429));
    await downloadFile(download);
    expect(await holds(target, large)).toBe(true);
    expect(events).toMatchObject([
      { type: "download-retry", code: "hub-failing" },
      { code: "hub-failing" },
      { code: "hub-failing" },
    ]);
  });

  it("gives up a silent connection after the time limit and goes on with the next", async () => {
    const { server, download, target } = await setUp(largePath, large);
    server.next("big.safetensors", silence);
    server.next(cdnPath, silentAfter(large, 100_000));
    const started = performance.now();
    await downloadFile(download);
    expect(performance.now() - started).toBeGreaterThan(2 * testTimeoutSeconds * 900);
    expect(await holds(target, large)).toBe(true);
    expect(server.seen.at(-1)?.range).toBe("bytes=100000-");
  });

  const oneOff = Buffer.from(large);
  oneOff[123_456] = 7;
  it.each<[string, HubAnswerer, ErrorCode]>([
    ["always cuts at once", cutAfter(large, 0), "hub-unreachable"],
    ["is always silent", silence, "hub-unreachable"],
    ["always fails", answer(500), "hub-failing"],
    ["does not have it", answer(404, { "x-error-code": "EntryNotFound" }), "hub-not-found"],
    ["wants a token", answer(401), "hub-access-denied"],
    ["wants terms accepted", answer(403, { "x-error-code": "GatedRepo" }), "hub-access-denied"],
    ["has changed one byte", streamed(oneOff), "model-hash-mismatch"],
    ["sends a byte too much", streamed(Buffer.concat([large, Buffer.from("x")])), "hub-answer-invalid"],
    ["sends too little", streamed(large.subarray(0, -1)), "hub-unreachable"],
    ["sends a web page", webPage, "hub-answer-invalid"],
    ["announces another size", answer(200, { "content-length": "4" }, "four"), "hub-answer-invalid"],
    ["announces an absurd size", answer(200, { "content-length": "999999999999999" }), "hub-answer-invalid"],
    ["answers a strange status", answer(418), "hub-answer-invalid"],
    ["says that nothing changed", answer(304), "hub-answer-invalid"],
    ["redirects to a file", answer(302, { location: "file:///etc/passwd" }), "hub-answer-invalid"],
    ["redirects to nowhere", answer(302), "hub-answer-invalid"],
    ["redirects to no address", answer(302, { location: "http://" }), "hub-answer-invalid"],
    [
      "redirects in a circle",
      answer(307, { location: "/first/model/resolve/main/unet/big.safetensors" }),
      "hub-answer-invalid",
    ],
    [
      "contradicts its own list",
      answer(302, { location: cdnPath, "x-linked-etag": `"${"0".repeat(64)}"` }),
      "hub-answer-invalid",
    ],
    ["answers another part", answer(206, { "content-range": "bytes 5-9/10" }, "56789"), "hub-answer-invalid"],
  ])("ends with the right error and no file when the server %s", async (_, fault, code) => {
    const { server, download, target } = await setUp(largePath, large, { timeoutSeconds: 0.1 });
    server.always("big.safetensors", fault);
    const error = await loftErrorOf(() => downloadFile(download), code);
    expect(error.fix).not.toBe("");
    expect(error.what).not.toContain("undefined");
    await expect(stat(target)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("keeps what it has when a web page comes instead of the rest", async () => {
    const { server, download, partial } = await setUp(largePath, large);
    await put(partial, large.subarray(0, 200_000));
    server.always("big.safetensors", webPage);
    await loftErrorOf(() => downloadFile(download), "hub-answer-invalid");
    expect(await holds(partial, large.subarray(0, 200_000))).toBe(true);
  });

  it("keeps what it has when it is interrupted", async () => {
    const controller = new AbortController();
    const { server, download, target, partial } = await setUp(largePath, large, { signal: controller.signal });
    server.next(cdnPath, silentAfter(large, 120_000));
    const reason = new Error("stop");
    const progress = (bytes: number) => {
      if (bytes === 120_000) controller.abort(reason);
    };
    await expect(downloadFile({ ...download, progress })).rejects.toBe(reason);
    expect((await stat(partial)).size).toBe(120_000);
    await expect(stat(target)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("says that nobody listens", async () => {
    const { download } = await setUp(largePath, large);
    const address = `${await silentAddress()}${new URL(download.address).pathname}`;
    const error = await loftErrorOf(() => downloadFile({ ...download, address }), "hub-unreachable");
    expect(error.what).toBe(`The connection to ${new URL(address).host} failed: ECONNREFUSED.`);
  });

  it("says that the folder cannot be written", async () => {
    const { download, target } = await setUp(largePath, large);
    await put(dirname(target), Buffer.from("a file in the folder's place"));
    await loftErrorOf(() => downloadFile(download), "output-unwritable");
  });

  it("tells how far it is", async () => {
    const { download } = await setUp(largePath, large);
    const told: number[] = [];
    await downloadFile({ ...download, progress: (bytes) => told.push(bytes) });
    expect(told.at(-1)).toBe(large.length);
    expect(told).toEqual([...told].sort((left, right) => left - right));
  });
});

type SetUp = {
  readonly server: HubServer;
  readonly download: FileDownload;
  readonly target: string;
  readonly partial: string;
  readonly events: DownloadEvent[];
};

async function setUp(
  path: string,
  content: Buffer,
  changes: Parameters<typeof testConnection>[1] = {},
): Promise<SetUp> {
  const server = await startHubServer({ "first/model": { files: new Map([[path, content]]) } });
  const folder = await temporaryFolder();
  const target = join(folder, path);
  const events: DownloadEvent[] = [];
  const hash = content === large ? { sha256: sha256Of(content) } : { gitHash: gitHashOf(content) };
  const download: FileDownload = {
    connection: testConnection(server, changes),
    address: `${server.url}/first/model/resolve/${hubCommit}/${path}`,
    file: { path, bytes: content.length, ...hash },
    target,
    progress: () => undefined,
    emit: (event) => events.push(event),
  };
  expect(await readdir(folder)).toEqual([]);
  return { server, download, target, partial: `${target}.incomplete`, events };
}

function rangeStart(range: string | undefined): number {
  return Number(/^bytes=(\d+)-$/.exec(range ?? "bytes=0-")?.[1]);
}

/** Comparing long buffers as values takes the test runner seconds. */
async function holds(path: string, content: Buffer): Promise<boolean> {
  return (await readFile(path)).equals(content);
}

async function put(path: string, content: Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}
