/** Adding models in tests: an empty store, a registry with known downloads, and a server on this machine. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkModel } from "../../daemon/diffusion/check-model.ts";
import { loadDiffusionModel } from "../../daemon/diffusion/diffusion-model.ts";
import type { AddRequest } from "../../daemon/hub/add-model.ts";
import type { HubConnection } from "../../daemon/hub/hub-request.ts";
import type { DownloadEvent } from "../../schemas/download-event.ts";
import type { HubServer } from "./hub-server.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** No answer for so long counts as silence. */
export const testTimeoutSeconds = 0.5;

export function testConnection(server: Pick<HubServer, "url">, changes: Partial<HubConnection> = {}): HubConnection {
  return {
    endpoint: server.url,
    token: undefined,
    timeoutSeconds: testTimeoutSeconds,
    retryDelays: [0.01, 0.01, 0.01],
    signal: new AbortController().signal,
    ...changes,
  };
}

export type TestAdding = {
  readonly store: string;
  readonly cache: string;
  /** Holds registry.json with the known download "known" from three repositories. */
  readonly modelsFolder: string;
  readonly events: DownloadEvent[];
  readonly request: (model: string, changes?: Partial<AddRequest>) => AddRequest;
};

/** What a registry says of a model to download. */
export const knownDownload = {
  id: "known",
  kind: "stable-diffusion",
  title: "A known model",
  license: "openrail++",
  licenseTitle: "Open RAIL++-M",
  source: "a test",
  repositories: [
    { repository: "first/model", revision: null },
    { repository: "second/model", revision: null },
    { repository: "third/model", revision: null },
  ],
  withdrawn: ["gone/model"],
  approximateBytes: { fp16: 1_000_000, full: 2_000_000 },
  files: [{ path: "unet/config.json", sha256: null as string | null }],
};

export async function testAdding(
  server: Pick<HubServer, "url">,
  downloads: readonly object[] = [knownDownload],
): Promise<TestAdding> {
  const folder = await temporaryFolder();
  const modelsFolder = join(folder, "models");
  await mkdir(modelsFolder);
  const bundled = { id: "bundled", kind: "stable-diffusion", title: "", folder: "bundled", license: "MIT", source: "" };
  const registry = { models: [{ ...bundled, files: [] }], downloads };
  await writeFile(join(modelsFolder, "registry.json"), JSON.stringify(registry));
  const [store, cache] = [join(folder, "store"), join(folder, "cache")];
  const events: DownloadEvent[] = [];
  const { endpoint, timeoutSeconds, retryDelays, signal } = testConnection(server);
  const settings = { endpoint, timeoutSeconds, token: undefined, offline: false, cacheFolder: cache };
  const request = (model: string, changes: Partial<AddRequest> = {}): AddRequest => ({
    ...{ model, settings, store, modelsFolder, workingFolder: folder, signal, retryDelays },
    check: async (path) => checkModel(await loadDiffusionModel(path, { provider: "cpu", threads: 1 })),
    emit: (event) => events.push(event),
    clock: () => new Date("2025-01-02T03:04:05Z"),
    ...changes,
  });
  return { store, cache, modelsFolder, events, request };
}
