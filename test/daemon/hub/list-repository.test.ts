/** Lists of files from honest and lying servers. */
import { describe, expect, it } from "vitest";
import { listRepository } from "../../../daemon/hub/list-repository.ts";
import { testConnection } from "../../support/add-model.ts";
import {
  answer,
  gitHashOf,
  type HubAnswerer,
  type HubEntry,
  hubCommit,
  sha256Of,
  startHubServer,
  tinyModelFiles,
  webPage,
} from "../../support/hub-server.ts";
import { loftErrorOf } from "../../support/loft-error.ts";

const tiny = await tinyModelFiles();

describe("listRepository", () => {
  it("lists all pages with the commit, the license, sizes and hashes", async () => {
    const server = await startHubServer({ "owner/tiny": { files: tiny, license: "openrail++" } });
    const listing = await listRepository(testConnection(server), "owner/tiny", "main");
    expect(listing).toMatchObject({ repository: "owner/tiny", revision: hubCommit, license: "openrail++" });
    const expected = [...tiny].map(([path, content]) => {
      const hash = path.endsWith(".safetensors") ? { sha256: sha256Of(content) } : { gitHash: gitHashOf(content) };
      return { path, bytes: content.length, ...hash };
    });
    expect(listing.files).toEqual(expected);
    expect(server.seen.filter(({ path }) => path.includes("/tree/")).length).toBeGreaterThan(1);
  });

  it.each(["a license\nwith: lines", "", 7])("leaves out a license that is none: %j", async (license) => {
    const server = await startHubServer({ "owner/tiny": { files: tiny } });
    server.always("/revision/", answer(200, {}, JSON.stringify({ sha: hubCommit, cardData: { license } })));
    expect((await listRepository(testConnection(server), "owner/tiny", "main")).license).toBeUndefined();
  });

  const bad = (change: Partial<Record<keyof HubEntry, unknown>>) => (entries: readonly HubEntry[]) => [
    ...entries,
    { type: "file", path: "extra", size: 1, oid: hubCommit, ...change },
  ];
  it.each<[string, (entries: readonly HubEntry[]) => unknown]>([
    ["a path that leads out", bad({ path: "../../.bashrc" })],
    ["a path that leads out in the middle", bad({ path: "unet/../../x" })],
    ["an absolute path", bad({ path: "/etc/passwd" })],
    ["a path for another system", bad({ path: "C:\\windows" })],
    ["a path with a null", bad({ path: "unet/\u0000config.json" })],
    ["no path", bad({ path: 7 })],
    ["an absurd size", bad({ size: 1e15 })],
    ["a negative size", bad({ size: -1 })],
    ["half a byte", bad({ size: 0.5 })],
    ["no hash", bad({ oid: "" })],
    ["a hash of another kind", bad({ lfs: { oid: "sha1:7", size: 1, pointerSize: 1 } })],
    ["a file twice", (entries) => [...entries, entries.find(({ type }) => type === "file")]],
    ["entries that are none", () => [null, 7]],
    ["text", () => "files"],
  ])("refuses %s", async (_, list) => {
    const server = await startHubServer({ "owner/tiny": { files: tiny, list } });
    await loftErrorOf(() => listRepository(testConnection(server), "owner/tiny", "main"), "hub-answer-invalid");
  });

  it.each<[string, HubAnswerer]>([
    ["a web page", webPage],
    ["half of an answer", answer(200, {}, '{"sha":')],
    ["no commit", answer(200, {}, "{}")],
    ["commits that are none", answer(200, {}, '{"sha":"../../x"}')],
    ["another commit than it was asked for", answer(200, {}, JSON.stringify({ sha: "f".repeat(40) }))],
  ])("refuses %s", async (_, fault) => {
    const server = await startHubServer({ "owner/tiny": { files: tiny } });
    server.always("/revision/", fault);
    await loftErrorOf(() => listRepository(testConnection(server), "owner/tiny", hubCommit), "hub-answer-invalid");
  });

  it.each([
    ["another server", "<http://example.invalid/api>"],
    ["itself for ever", "</api/models/owner/tiny/tree/main>"],
  ])("refuses a list that goes on at %s", async (_, target) => {
    const server = await startHubServer({ "owner/tiny": { files: tiny } });
    server.always("/tree/", answer(200, { link: `${target}; rel="next"` }, "[]"));
    await loftErrorOf(() => listRepository(testConnection(server), "owner/tiny", "main"), "hub-answer-invalid");
  });
});
