/** `loft models add` and `remove` as users meet them: against a server on this machine. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { CliContext } from "../../../daemon/cli/context.ts";
import { runCommandLine } from "../../../daemon/cli/program.ts";
import type { DownloadEvent } from "../../../schemas/download-event.ts";
import { hubCommit, startHubServer, tinyModelFiles } from "../../support/hub-server.ts";
import { recordedContext } from "../../support/recorded-context.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { tinyModelFolder } from "../../support/tiny-run.ts";

const packageFolder = fileURLToPath(new URL("../../..", import.meta.url));
const firstSource = "stable-diffusion-v1-5/stable-diffusion-v1-5";

describe("loft models", () => {
  it("says what can be downloaded, with license, size and command", async () => {
    const { loft } = await setUp();
    const { stdout } = await loft(["models"]);
    expect(stdout).toMatch(
      /^stable-diffusion-v1-5 {2}about 2\.1 GB \(full: 4\.3 GB\), creativeml-openrail-m, not downloaded: loft models add stable-diffusion-v1-5$/m,
    );
    expect(stdout).toMatch(/^stable-diffusion-2-1-base .*openrail\+\+/m);
  });

  it("lists, verifies and removes a model that was added", async () => {
    const { loft, store } = await setUp();
    const added = await loft(["models", "add", "owner/tiny"]);
    expect(added).toMatchObject({ code: 0 });
    expect(added.stdout).toMatch(/^owner\/tiny: downloaded, every file checked against the server's hash$/m);
    expect(added.stdout).toMatch(/12 of 12 files had no recorded SHA-256: it is recorded now/);
    expect(added.stdout).toMatch(/"model": "owner\/tiny"/);
    expect(added.stderr).toMatch(new RegExp(`^owner/tiny at ${hubCommit.slice(0, 12)}: 12 files, `, "m"));
    expect((await loft(["models"])).stdout).toMatch(
      /^owner\/tiny .*, mit, verified \d{4}-\d\d-\d\d, sizes right today$/m,
    );
    const { added: models } = JSON.parse((await loft(["models", "--verify", "--json"])).stdout);
    expect(models).toMatchObject([{ id: "owner/tiny", verified: true, problems: [] }]);
    expect((await loft(["models", "remove", "owner/tiny"])).stdout).toBe("removed owner/tiny\n");
    expect(await readdir(store)).toEqual([]);
  });

  it("tells events as JSON, one a line", async () => {
    const { loft } = await setUp();
    const { stdout, stderr } = await loft(["models", "add", "owner/tiny", "--json"]);
    const events = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as DownloadEvent | { type: "model-added" });
    expect(stderr).toBe("");
    expect(events[0]).toMatchObject({ type: "download-started", model: "owner/tiny", revision: hubCommit, files: 12 });
    expect(events.filter(({ type }) => type === "download-file-finished")).toHaveLength(12);
    expect(events.filter(({ type }) => type === "download-progress").length).toBeGreaterThan(0);
    expect(events.slice(-2)).toMatchObject([
      { type: "download-finished", model: "owner/tiny" },
      { type: "model-added", how: "downloaded", newHashes: 12 },
    ]);
  });

  it("gets a known model from the next of its sources", async () => {
    const { loft } = await setUp();
    const { code, stderr, stdout } = await loft(["models", "add", "stable-diffusion-v1-5"]);
    expect(code).toBe(0);
    expect(stderr).toMatch(new RegExp(`^source ${firstSource} failed\\[hub-not-found\\]: `, "m"));
    expect(stdout).toContain("license: creativeml-openrail-m");
    expect((await loft(["models"])).stdout).not.toContain("loft models add stable-diffusion-v1-5");
  });

  it("adds a folder and forgets it again", async () => {
    const { loft } = await setUp();
    const added = await loft(["models", "add", tinyModelFolder, "--name", "mine"]);
    expect(added.stdout).toMatch(/^mine: added as it is; the files stay where they are$/m);
    expect((await loft(["models", "remove", "mine"])).stdout).toBe(
      `forgot mine; its files stay in ${tinyModelFolder}\n`,
    );
    expect(await readdir(tinyModelFolder)).toContain("model_index.json");
  });

  it.each<[string, readonly string[], number, string]>([
    ["a name that means nothing", ["models", "add", "nothing"], 2, "model-missing"],
    ["a repository that is not there", ["models", "add", "owner/nothing"], 1, "hub-not-found"],
    ["offline mode", ["models", "add", "owner/tiny", "--offline"], 1, "hub-offline"],
    ["a bundled model", ["models", "add", "loft-mini"], 1, "model-name-taken"],
    ["an unknown variant", ["models", "add", "owner/tiny", "--variant", "int4"], 2, "usage-invalid"],
    ["a revision that is none", ["models", "add", "owner/tiny", "--revision", "a..b"], 2, "usage-invalid"],
    ["no model", ["models", "add"], 2, "usage-invalid"],
    ["an unknown subcommand", ["models", "fetch"], 2, "usage-invalid"],
    ["the removal of what is not there", ["models", "remove", "owner/tiny"], 2, "model-missing"],
    ["the removal of something else", ["models", "remove", "../x"], 2, "model-missing"],
  ])("ends with the right error for %s", async (_, args, code, errorCode) => {
    const { loft, store } = await setUp();
    const result = await loft(args);
    expect(result.code).toBe(code);
    expect(result.stderr).toMatch(new RegExp(`^error\\[${errorCode}\\]: .+\nfix: .+\n`, "m"));
    expect(await readdir(store).catch(() => [])).toEqual([]);
  });

  it("refuses an endpoint that is none, and an offline variable", async () => {
    const { loft } = await setUp();
    const args = ["models", "add", "owner/tiny"];
    expect((await loft(args, { HF_ENDPOINT: "nowhere" })).stderr).toContain("error[usage-invalid]: HF_ENDPOINT");
    expect((await loft(args, { HF_HUB_OFFLINE: "1" })).stderr).toContain("error[hub-offline]");
  });

  it("removes a download that is not finished", async () => {
    const { loft, server, store } = await setUp();
    server.next("unet/config.json", (_, response) => response.writeHead(404).end());
    expect((await loft(["models", "add", "owner/tiny"])).code).toBe(1);
    expect((await loft(["models"])).stdout).toMatch(
      /^owner\/tiny {2}download not finished: loft models add owner\/tiny$/m,
    );
    expect((await loft(["models", "remove", "owner/tiny"])).code).toBe(0);
    expect(await readdir(store)).toEqual([]);
  });

  it("explains its options", async () => {
    const { loft } = await setUp();
    const help = await loft(["models", "add", "--help"]);
    for (const option of ["--revision", "--variant", "--offline", "--name", "Examples:"]) {
      expect(help.stdout).toContain(option);
    }
  });
});

async function setUp() {
  const files = await tinyModelFiles();
  const server = await startHubServer({
    "owner/tiny": { files, license: "mit" },
    "sd-legacy/stable-diffusion-v1-5": { files },
  });
  const folder = await temporaryFolder();
  const store = join(folder, "store");
  const loft = async (args: readonly string[], environment: CliContext["environment"] = {}) => {
    const { context, printed } = recordedContext({
      environment: { LOFT_MODELS: store, HF_ENDPOINT: server.url, HF_HOME: join(folder, "hf"), ...environment },
      workingFolder: folder,
      packageFolder,
    });
    const code = await runCommandLine(args, context);
    return { code, ...printed() };
  };
  return { server, store, loft };
}
