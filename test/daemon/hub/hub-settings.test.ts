/** Where models come from and are kept: a table from environments to places. */
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { type Environment, hubSettings, modelStoreFolder } from "../../../daemon/hub/hub-settings.ts";
import { loftErrorOf } from "../../support/loft-error.ts";

const home = resolve("somewhere");

describe("hubSettings", () => {
  it("has defaults for an empty environment and for empty variables", () => {
    const expected = {
      endpoint: "https://huggingface.co",
      token: undefined,
      offline: false,
      timeoutSeconds: 30,
      cacheFolder: join(home, ".cache", "huggingface", "hub"),
    };
    expect(hubSettings({}, home)).toEqual(expected);
    const empty = { HF_ENDPOINT: "", HF_TOKEN: " ", HF_HUB_OFFLINE: "", HF_HOME: "", HF_HUB_DOWNLOAD_TIMEOUT: "" };
    expect(hubSettings(empty, home)).toEqual(expected);
  });

  it.each<[Environment, object]>([
    [{ HF_ENDPOINT: "http://127.0.0.1:80/hub//" }, { endpoint: "http://127.0.0.1/hub" }],
    [{ HF_TOKEN: "hf_x" }, { token: "hf_x" }],
    [{ HF_HUB_OFFLINE: "1" }, { offline: true }],
    [{ HF_HUB_OFFLINE: "Yes" }, { offline: true }],
    [{ HF_HUB_OFFLINE: "0" }, { offline: false }],
    [{ HF_HUB_DOWNLOAD_TIMEOUT: "2.5" }, { timeoutSeconds: 2.5 }],
    [{ HF_HUB_DOWNLOAD_TIMEOUT: "-1" }, { timeoutSeconds: 30 }],
    [{ HF_HUB_DOWNLOAD_TIMEOUT: "soon" }, { timeoutSeconds: 30 }],
    [{ XDG_CACHE_HOME: resolve("c") }, { cacheFolder: resolve("c", "huggingface", "hub") }],
    [{ HF_HOME: resolve("h"), XDG_CACHE_HOME: resolve("c") }, { cacheFolder: resolve("h", "hub") }],
    [{ HF_HUB_CACHE: resolve("k"), HF_HOME: resolve("h") }, { cacheFolder: resolve("k") }],
  ])("reads %j", (environment, expected) => {
    expect(hubSettings(environment, home)).toMatchObject(expected);
  });

  it.each(["hub.example.org", "file:///models", "ftp://x", "https://name:secret@host"])(
    "refuses the endpoint %s without repeating it",
    async (endpoint) => {
      const error = await loftErrorOf(() => hubSettings({ HF_ENDPOINT: endpoint }, home), "usage-invalid");
      expect(error.message).not.toContain(endpoint);
    },
  );
});

describe("modelStoreFolder", () => {
  it.each<[string, Environment, NodeJS.Platform, string]>([
    ["the variable", { LOFT_MODELS: resolve("m"), XDG_DATA_HOME: resolve("d") }, "linux", resolve("m")],
    ["XDG's folder", { XDG_DATA_HOME: resolve("d") }, "linux", resolve("d", "loft", "models")],
    ["XDG's default", {}, "linux", join(home, ".local", "share", "loft", "models")],
    ["macOS", {}, "darwin", join(home, "Library", "Application Support", "loft", "models")],
    ["Windows", { LOCALAPPDATA: resolve("l") }, "win32", resolve("l", "loft", "models")],
    ["Windows without a variable", {}, "win32", join(home, "AppData", "Local", "loft", "models")],
  ])("is %s", (_, environment, platform, expected) => {
    expect(modelStoreFolder(environment, home, platform)).toBe(expected);
  });
});
