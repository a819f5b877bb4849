/** Adding models: from the first source that works, from Python's cache, from folders; nothing half-done is ever used. */
import { cp, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { ErrorCode } from "../../../daemon/base/errors.ts";
import { type AddRequest, addModel } from "../../../daemon/hub/add-model.ts";
import { findStoredModel, lockModel, readStore } from "../../../daemon/hub/model-store.ts";
import { knownDownload, type TestAdding, testAdding } from "../../support/add-model.ts";
import {
  answer,
  endAfter,
  gitHashOf,
  type HubAnswerer,
  type HubEntry,
  type HubFiles,
  type HubRepository,
  hubCommit,
  sha256Of,
  silentAddress,
  startHubServer,
  streamed,
  tinyModelFiles,
  webPage,
  withFiles,
} from "../../support/hub-server.ts";
import { loftErrorOf } from "../../support/loft-error.ts";
import { tinyClipFolder } from "../../support/tiny-evaluation.ts";
import { tinyModelFolder } from "../../support/tiny-run.ts";

const tiny = await tinyModelFiles();
const weights = "unet/diffusion_pytorch_model.safetensors";
const weightBytes = tiny.get(weights) as Buffer;
const modelPaths = [...tiny.keys()].filter((path) => path !== "README.md").sort();
const nobody = { url: await silentAddress() };

describe("addModel from a server", () => {
  it("downloads a repository, checks it and records what it is", async () => {
    const server = await startHubServer({ "owner/tiny": { files: tiny, license: "mit" } });
    const { request, events, store } = await testAdding(server);
    const { model, how, newHashes } = await addModel(request("owner/tiny"));
    expect({ how, newHashes }).toEqual({ how: "downloaded", newHashes: modelPaths.length });
    expect(model).toMatchObject({
      id: "owner/tiny",
      license: "mit",
      folder: join(store, "owner--tiny"),
      origin: { kind: "download", repository: "owner/tiny", revision: hubCommit, variant: "full" },
      addedAt: "2025-01-02T03:04:05.000Z",
    });
    expect(model.files).toEqual(
      modelPaths.map((path) => {
        const content = tiny.get(path) as Buffer;
        return { path, bytes: content.length, sha256: sha256Of(content) };
      }),
    );
    expect(await readdir(store)).toEqual(["owner--tiny"]);
    expect(await findStoredModel(store, "owner/tiny")).toEqual(model);
    const types = events.map(({ type }) => type);
    expect([types[0], types.at(-1)]).toEqual(["download-started", "download-finished"]);
    const done = events.findLast((event) => event.type === "download-progress");
    expect(done).toMatchObject({ bytesDone: model.files.reduce((sum, { bytes }) => sum + bytes, 0) });
  });

  it("asks for nothing again that is there and right", async () => {
    const server = await startHubServer({ "owner/tiny": { files: tiny } });
    const { request } = await testAdding(server);
    await addModel(request("owner/tiny"));
    const asked = server.seen.length;
    expect(await addModel(request("owner/tiny"))).toMatchObject({ how: "already-there", newHashes: 0 });
    expect(server.seen.length).toBe(asked);
  });

  it("mends a model whose files have changed, and gets only those", async () => {
    const server = await startHubServer({ "owner/tiny": { files: tiny } });
    const { request } = await testAdding(server);
    const { model } = await addModel(request("owner/tiny"));
    await writeFile(join(model.folder, "vae/config.json"), "{}");
    await rm(join(model.folder, weights));
    const asked = server.seen.length;
    expect(await addModel(request("owner/tiny"))).toMatchObject({ how: "downloaded", newHashes: 0 });
    const got = server.seen
      .slice(asked)
      .map(({ path }) => path)
      .filter((path) => path.includes("/resolve/"));
    expect(got.map((path) => path.split(`${hubCommit}/`)[1])).toEqual(["vae/config.json", weights]);
    expect((await readFile(join(model.folder, weights))).equals(weightBytes)).toBe(true);
  });

  it("goes on with what an interrupted download left", async () => {
    const server = await startHubServer({ "owner/tiny": { files: tiny } });
    const { request, store } = await testAdding(server);
    server.next(`/cdn/${sha256Of(weightBytes)}`, endAfter(weightBytes, 1_000_000));
    const error = await loftErrorOf(() => addModel(request("owner/tiny", { retryDelays: [] })), "hub-unreachable");
    expect(error.fix).toContain("Run the same command again");
    expect(await readStore(store)).toEqual({ models: [], unfinished: ["owner/tiny"], damaged: [] });
    const asked = server.seen.length;
    await addModel(request("owner/tiny"));
    const again = server.seen.slice(asked);
    expect(again.filter(({ path }) => path.includes("/resolve/"))).toHaveLength(1);
    expect(again.at(-1)?.range).toBe("bytes=1000000-");
    expect(await readdir(store)).toEqual(["owner--tiny"]);
  });

  it.each([
    ["full weights where there are no others", {}, undefined, "full", weights],
    ["half precision where it is there", fp16Files(), undefined, "fp16", fp16Name(weights)],
    ["full weights where they are asked for", fp16Files(), "full" as const, "full", weights],
  ])("takes %s", async (_, changes, variant, expected, path) => {
    const server = await startHubServer({ "owner/tiny": { files: withFiles(tiny, changes) } });
    const { request } = await testAdding(server);
    const { model } = await addModel(request("owner/tiny", variant === undefined ? {} : { variant }));
    expect(model.origin).toMatchObject({ variant: expected });
    expect(model.files.map((file) => file.path).filter((name) => name.startsWith("unet/d"))).toEqual([path]);
  });

  it("replaces one variant by another", async () => {
    const server = await startHubServer({ "owner/tiny": { files: withFiles(tiny, fp16Files()) } });
    const { request, store } = await testAdding(server);
    await addModel(request("owner/tiny", { variant: "full" }));
    const { model } = await addModel(request("owner/tiny", { variant: "fp16" }));
    expect(await readdir(store)).toEqual(["owner--tiny"]);
    expect((await readdir(join(model.folder, "unet"))).sort()).toEqual([
      "config.json",
      "diffusion_pytorch_model.fp16.safetensors",
    ]);
  });

  it("leaves nothing of another variant's unfinished download in the model", async () => {
    const server = await startHubServer({ "owner/tiny": { files: withFiles(tiny, fp16Files()) } });
    const { request } = await testAdding(server);
    server.next(`/resolve/${hubCommit}/${weights}`, answer(404));
    await loftErrorOf(() => addModel(request("owner/tiny", { variant: "full" })), "hub-not-found");
    const { model } = await addModel(request("owner/tiny", { variant: "fp16" }));
    const names = (await readdir(model.folder, { recursive: true })).filter((name) => name.endsWith(".safetensors"));
    expect(names.every((name) => name.endsWith(".fp16.safetensors"))).toBe(true);
  });
});

describe("addModel with several sources", () => {
  const good: HubRepository = { files: tiny };
  it.each<[string, HubRepository | undefined, [string, HubAnswerer][], string]>([
    ["is gone", undefined, [], "hub-not-found"],
    ["wants a token", good, [["/api/models/first/model", answer(401)]], "hub-access-denied"],
    [
      "is gated",
      good,
      [["/api/models/first/model", answer(403, { "x-error-code": "GatedRepo" })]],
      "hub-access-denied",
    ],
    ["fails", good, [["/api/models/first/model", answer(500)]], "hub-failing"],
    ["is a web page", good, [["/api/models/first/model", webPage]], "hub-answer-invalid"],
    ["lists no files", { files: tiny, list: () => ({ error: "no" }) }, [], "hub-answer-invalid"],
    [
      "is not in diffusers layout",
      { files: withFiles(tiny, { "model_index.json": undefined }) },
      [],
      "model-config-unsupported",
    ],
    [
      "has pickles only",
      { files: withFiles(tiny, { [weights]: undefined, "unet/model.bin": Buffer.from("x") }) },
      [],
      "model-weights-unsupported",
    ],
    [
      "lists other bytes than it sends",
      { files: tiny, list: otherHash },
      [[`/first/model/resolve/${hubCommit}/${weights}`, streamed(weightBytes)]],
      "model-hash-mismatch",
    ],
  ])("takes the next one when the first %s", async (_, first, faults, code) => {
    const repositories = { ...(first === undefined ? {} : { "first/model": first }), "second/model": good };
    const server = await startHubServer(repositories);
    for (const [path, fault] of faults) server.always(path, fault);
    const { request, events, store } = await testAdding(server);
    const { model } = await addModel(request("known"));
    expect(model).toMatchObject({ id: "known", license: "openrail++", folder: join(store, "known") });
    expect(model.origin).toMatchObject({ repository: "second/model" });
    const failed = events.filter(({ type }) => type === "download-source-failed");
    expect(failed).toMatchObject([{ repository: "first/model", code }]);
    expect(server.seen.some(({ path }) => path.includes("third/model"))).toBe(false);
  });

  it("keeps the files that the first source gave rightly", async () => {
    const server = await startHubServer({ "first/model": good, "second/model": good });
    server.always(`/first/model/resolve/${hubCommit}/${weights}`, answer(404));
    const { request } = await testAdding(server);
    await addModel(request("known"));
    const fromSecond = server.seen.filter(({ path }) => path.startsWith("/second/model/resolve/"));
    expect(fromSecond.map(({ path }) => path.split(`${hubCommit}/`)[1])).toEqual([weights]);
  });

  it("lists every source and its reason when none works", async () => {
    const server = await startHubServer({ "third/model": good });
    server.always("third/model", answer(500));
    const { request } = await testAdding(server);
    const error = await loftErrorOf(() => addModel(request("known")), "download-failed");
    expect(error.what).toMatch(/^None of the 3 sources gives known\. first\/model: .+second\/model: .+third\/model: /);
    expect(error.fix).toContain("loft models add FOLDER");
  });

  it("has the code that all sources share", async () => {
    const { request } = await testAdding(await startHubServer({}));
    await loftErrorOf(() => addModel(request("known")), "hub-not-found");
  });

  it("does not try other repositories of a server that cannot be reached", async () => {
    const { request, events } = await testAdding(nobody);
    await loftErrorOf(() => addModel(request("known")), "hub-unreachable");
    expect(events.map(({ type }) => type)).toEqual(["download-retry", "download-retry", "download-retry"]);
  });

  it("refuses a source that has another file than the registry records", async () => {
    const pinned = (sha256: string) => ({ ...knownDownload, files: [{ path: weights, sha256 }] });
    const changed = Buffer.from(weightBytes);
    changed[changed.length - 1] = (changed.at(-1) as number) ^ 1;
    const server = await startHubServer({
      "first/model": { files: withFiles(tiny, { [weights]: changed }) },
      "second/model": good,
    });
    const { request, events } = await testAdding(server, [pinned(sha256Of(weightBytes))]);
    const { model, newHashes } = await addModel(request("known"));
    expect(model.origin).toMatchObject({ repository: "second/model" });
    expect(newHashes).toBe(modelPaths.length - 1);
    expect(events[0]).toMatchObject({ type: "download-source-failed", code: "model-hash-mismatch" });
    expect(server.seen.some(({ path }) => path.startsWith("/first/model/resolve"))).toBe(false);
  });

  it("refuses a small file that differs from its recorded hash", async () => {
    const files = [{ path: "vae/config.json", sha256: "0".repeat(64) }];
    const server = await startHubServer({ "first/model": good });
    const repositories = [{ repository: "first/model", revision: null }];
    const { request, store } = await testAdding(server, [{ ...knownDownload, files, repositories }]);
    await loftErrorOf(() => addModel(request("known")), "model-hash-mismatch");
    expect((await readStore(store)).models).toEqual([]);
  });

  it("takes the revision that is asked for, and no other", async () => {
    const server = await startHubServer({ "first/model": good });
    const { request } = await testAdding(server);
    const error = await loftErrorOf(() => addModel(request("known", { revision: "v2" })), "hub-not-found");
    expect(error.what).toContain("not this revision");
    const { model } = await addModel(request("known", { revision: hubCommit }));
    expect(model.origin).toMatchObject({ revision: hubCommit });
  });
});

describe("addModel with what cannot be used", () => {
  it("needs room on the disk before it begins", async () => {
    const list = (entries: readonly HubEntry[]) =>
      entries.map((entry) => (entry.path === weights ? { ...entry, lfs: { ...entry.lfs, size: 2 ** 40 } } : entry));
    const server = await startHubServer({ "owner/tiny": { files: tiny, list } });
    const { request } = await testAdding(server);
    const error = await loftErrorOf(() => addModel(request("owner/tiny")), "disk-full");
    expect(error.what).toContain("1099.5 GB");
    expect(server.seen.some(({ path }) => path.includes("/resolve/"))).toBe(false);
  });

  it("does not make a model of what cannot be one", async () => {
    const config = JSON.parse(String(tiny.get("unet/config.json")));
    const other = Buffer.from(JSON.stringify({ ...config, cross_attention_dim: 7 }));
    const server = await startHubServer({ "owner/tiny": { files: withFiles(tiny, { "unet/config.json": other }) } });
    const { request, store } = await testAdding(server);
    await loftErrorOf(() => addModel(request("owner/tiny")), "model-mismatch");
    expect((await readStore(store)).models).toEqual([]);
  });
});

describe("addModel without a server", () => {
  const offline = (adding: TestAdding, model = "known", changes: Partial<AddRequest> = {}) => {
    const { settings } = adding.request("");
    return adding.request(model, { settings: { ...settings, offline: true }, ...changes });
  };

  it("says how to get a model in offline mode", async () => {
    const server = await startHubServer({ "first/model": { files: tiny } });
    const error = await loftErrorOf(async () => addModel(offline(await testAdding(server))), "hub-offline");
    expect(error.fix).toContain("loft models add known");
    expect(server.seen).toEqual([]);
  });

  it.each([
    ["a source", "second/model"],
    ["a repository that was withdrawn", "gone/model"],
  ])("finds %s in Python's cache", async (_, repository) => {
    const adding = await testAdding(nobody);
    const snapshot = await fillCache(adding.cache, repository, tiny);
    const { model, how } = await addModel(offline(adding));
    expect(how).toBe("found-in-cache");
    expect(model).toMatchObject({ folder: snapshot, origin: { kind: "cache", repository, revision: hubCommit } });
    expect(model.files.map(({ path }) => path)).toEqual(modelPaths);
  });

  it("prefers the cache to a download", async () => {
    const server = await startHubServer({ "first/model": { files: tiny } });
    const adding = await testAdding(server);
    await fillCache(adding.cache, "first/model", tiny);
    expect((await addModel(adding.request("known"))).how).toBe("found-in-cache");
    expect(server.seen).toEqual([]);
  });

  it.each<[string, (snapshot: string) => Promise<void>]>([
    ["lacks a file", (snapshot) => rm(join(snapshot, weights))],
    ["has a changed large file", (snapshot) => writeFile(join(snapshot, weights), weightBytes.subarray(1))],
    ["has a changed small file", (snapshot) => writeFile(join(snapshot, "tokenizer/vocab.json"), "{}")],
    ["has no reference to a commit", (snapshot) => rm(join(snapshot, "../../refs"), { recursive: true })],
  ])("does not use a cache that %s", async (_, damage) => {
    const adding = await testAdding(nobody);
    await damage(await fillCache(adding.cache, "first/model", tiny));
    await loftErrorOf(() => addModel(offline(adding)), "hub-offline");
  });

  it("does not use a cache that differs from the recorded hash", async () => {
    const files = [{ path: weights, sha256: "0".repeat(64) }];
    const adding = await testAdding(nobody, [{ ...knownDownload, files }]);
    await fillCache(adding.cache, "first/model", tiny);
    await loftErrorOf(() => addModel(offline(adding)), "hub-offline");
  });

  it("does not use a cache of the other variant", async () => {
    const adding = await testAdding(nobody);
    await fillCache(adding.cache, "first/model", tiny);
    await loftErrorOf(() => addModel(offline(adding, "known", { variant: "fp16" })), "hub-offline");
    expect((await addModel(offline(adding, "known", { variant: "full" }))).how).toBe("found-in-cache");
  });
});

describe("addModel with a folder", () => {
  it("takes it as it is, by its name or another, and again after a change", async () => {
    const { request, store } = await testAdding(nobody);
    const folder = join(store, "..", "mine");
    await cp(tinyModelFolder, folder, { recursive: true });
    const { model, how } = await addModel(request("mine"));
    expect({ how, id: model.id, folder: model.folder, license: model.license }).toEqual({
      ...{ how: "folder", id: "mine", folder, license: "unknown" },
    });
    expect(model.files.map(({ path }) => path)).toEqual(modelPaths);
    await writeFile(
      join(folder, "scheduler/scheduler_config.json"),
      `${String(tiny.get("scheduler/scheduler_config.json"))}\n`,
    );
    const again = await addModel(request("mine", { workingFolder: "/" }));
    expect(again.model.files).not.toEqual(model.files);
    const other = await addModel(request("mine", { name: "known" }));
    expect(other.model).toMatchObject({ id: "known", license: "openrail++" });
    expect((await readStore(store)).models.map(({ id }) => id)).toEqual(["known", "mine"]);
  });

  it.each<[string, Partial<AddRequest>, ErrorCode]>([
    ["a bundled model's name", { name: "bundled" }, "model-name-taken"],
    ["a name that leads elsewhere", { name: "../x" }, "usage-invalid"],
    ["a name with a slash", { name: "a/b" }, "usage-invalid"],
    ["a revision", { revision: "main" }, "usage-invalid"],
    ["a variant", { variant: "fp16" }, "usage-invalid"],
  ])("refuses %s", async (_, changes, code) => {
    const { request } = await testAdding(nobody);
    await loftErrorOf(() => addModel(request(tinyModelFolder, changes)), code);
  });

  it("refuses a folder that is no model, and a name that is in use", async () => {
    const { request, store } = await testAdding(nobody);
    await loftErrorOf(() => addModel(request(store.replace(/store$/, "models"))), "model-missing");
    await addModel(request(tinyModelFolder, { name: "mine" }));
    const copy = join(store, "..", "mine");
    await cp(tinyModelFolder, copy, { recursive: true });
    const error = await loftErrorOf(() => addModel(request(copy)), "model-name-taken");
    expect(error.fix).toContain("--name");
  });

  it("says where a CLIP belongs", async () => {
    const { request } = await testAdding(nobody);
    const error = await loftErrorOf(() => addModel(request(tinyClipFolder)), "model-config-unsupported");
    expect(error.what).toContain(`${tinyClipFolder} holds a CLIP model`);
    expect(error.fix).toContain(`"evaluation": { "classifier": ${JSON.stringify(tinyClipFolder)} }`);
    const modelsFolder = fileURLToPath(new URL("../../../models", import.meta.url));
    const bundled = await loftErrorOf(() => addModel(request("loft-mini-clip", { modelsFolder })), "model-name-taken");
    expect(bundled.fix).toContain('"classifier": "loft-mini-clip"');
  });
});

describe("addModel", () => {
  it.each<[string, Partial<AddRequest>, ErrorCode, RegExp]>([
    ["nothing-known", {}, "model-missing", /Known models to download: known/],
    ["knwon", {}, "model-missing", /Did you mean known\?/],
    ["./nowhere", {}, "model-missing", /Known models/],
    ["a/b/c", {}, "model-missing", /Known models/],
    ["own er/x", {}, "model-missing", /Known models/],
    ["bundled", {}, "model-name-taken", /Use it as it is/],
    ["known", { name: "other" }, "usage-invalid", /Leave --name out/],
    ["known", { revision: "../x" }, "usage-invalid", /a tag or a commit/],
    ["owner/tiny", { revision: "a b" }, "usage-invalid", /a tag or a commit/],
  ])("refuses %s %j", async (model, changes, code, fix) => {
    const { request } = await testAdding(nobody);
    const error = await loftErrorOf(() => addModel(request(model, changes)), code);
    expect(error.fix).toMatch(fix);
  });

  it("lets one process at a time work on a model", async () => {
    const { request, store } = await testAdding(nobody);
    const lock = await lockModel(store, "known");
    const error = await loftErrorOf(() => addModel(request("known")), "model-locked");
    expect(error.what).toContain(String(process.pid));
    await lock.release();
    await loftErrorOf(() => addModel(request("known")), "hub-unreachable");
  });

  it("gives two that ask at once one download", async () => {
    const server = await startHubServer({ "owner/tiny": { files: tiny } });
    const { request } = await testAdding(server);
    const asked = await Promise.allSettled([addModel(request("owner/tiny")), addModel(request("owner/tiny"))]);
    expect(asked.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(server.seen.filter(({ path }) => path.endsWith(`/resolve/${hubCommit}/${weights}`))).toHaveLength(1);
  });

  it("never replaces files that it knows nothing of", async () => {
    const server = await startHubServer({ "first/model": { files: tiny } });
    const { request, store } = await testAdding(server);
    await mkdir(join(store, "known"), { recursive: true });
    await writeFile(join(store, "known", "precious"), "x");
    const error = await loftErrorOf(() => addModel(request("known")), "model-name-taken");
    expect(error.fix).toContain(`loft models add ${join(store, "known")}`);
    expect((await stat(join(store, "known", "precious"))).size).toBe(1);
  });

  it("stops at once when it is interrupted", async () => {
    const controller = new AbortController();
    const server = await startHubServer({ "first/model": { files: tiny } });
    server.always("/resolve/", () => controller.abort(new Error("stop")));
    const { request, store } = await testAdding(server);
    await expect(addModel(request("known", { signal: controller.signal }))).rejects.toThrow("stop");
    expect(await readStore(store)).toEqual({ models: [], unfinished: ["known"], damaged: [] });
  });
});

function fp16Name(path: string): string {
  return path.replace(".safetensors", ".fp16.safetensors");
}

function fp16Files(): Readonly<Record<string, Buffer>> {
  const large = [...tiny].filter(([path]) => path.endsWith(".safetensors"));
  return Object.fromEntries(large.map(([path, content]) => [fp16Name(path), content]));
}

/** The list says another hash than the file has. */
function otherHash(entries: readonly HubEntry[]): readonly HubEntry[] {
  const lfs = { oid: "0".repeat(64), size: weightBytes.length, pointerSize: 135 };
  return entries.map((entry) => (entry.path === weights ? { ...entry, lfs } : entry));
}

/** Put a repository into a folder as huggingface_hub does, with links where the system has them. */
async function fillCache(cache: string, repository: string, files: HubFiles): Promise<string> {
  const place = join(cache, `models--${repository.replace("/", "--")}`);
  const snapshot = join(place, "snapshots", hubCommit);
  await mkdir(join(place, "refs"), { recursive: true });
  await mkdir(join(place, "blobs"), { recursive: true });
  await writeFile(join(place, "refs", "main"), hubCommit);
  for (const [path, content] of files) {
    const name = path.endsWith(".safetensors") ? sha256Of(content) : gitHashOf(content);
    await writeFile(join(place, "blobs", name), content);
    await mkdir(dirname(join(snapshot, path)), { recursive: true });
    await symlink(join(place, "blobs", name), join(snapshot, path));
  }
  return snapshot;
}
