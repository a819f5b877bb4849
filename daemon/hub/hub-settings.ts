/** Where models come from and where they are kept, from the environment. Pure: environment and home folder are handed in. */
import { join, resolve } from "node:path";
import { loftError } from "../base/errors.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export type HubSettings = {
  /** Address of the model server, without a slash at its end (HF_ENDPOINT). */
  readonly endpoint: string;
  /** HF_TOKEN. It comes from the environment only, is sent to the endpoint only, and is never shown. */
  readonly token: string | undefined;
  /** HF_HUB_OFFLINE: nothing is asked of any server. */
  readonly offline: boolean;
  /** Seconds without a byte after which an attempt counts as failed (HF_HUB_DOWNLOAD_TIMEOUT). */
  readonly timeoutSeconds: number;
  /** Python's download cache, looked into before anything is downloaded (HF_HUB_CACHE, HF_HOME). */
  readonly cacheFolder: string;
};

const defaultEndpoint = "https://huggingface.co";
const defaultTimeoutSeconds = 30;

/**
 * Read the variables that Hugging Face's own tools read (huggingface_hub, "Environment variables").
 * @param home the user's home folder
 * @throws LoftError "usage-invalid" when HF_ENDPOINT is no web address
 */
export function hubSettings(environment: Environment, home: string): HubSettings {
  const timeout = Number(environment.HF_HUB_DOWNLOAD_TIMEOUT);
  return {
    endpoint: endpointOf(given(environment.HF_ENDPOINT) ?? defaultEndpoint),
    token: given(environment.HF_TOKEN),
    offline: /^(1|on|yes|true)$/i.test(environment.HF_HUB_OFFLINE?.trim() ?? ""),
    timeoutSeconds: 0 < timeout && Number.isFinite(timeout) ? timeout : defaultTimeoutSeconds,
    cacheFolder: cacheFolder(environment, home),
  };
}

/** The folder of downloaded and added models: LOFT_MODELS, else the place for programs' data of the operating system. */
export function modelStoreFolder(
  environment: Environment,
  home: string,
  platform: NodeJS.Platform = process.platform,
): string {
  const chosen = given(environment.LOFT_MODELS);
  return chosen === undefined ? join(dataFolder(environment, home, platform), "loft", "models") : resolve(chosen);
}

/** XDG Base Directory Specification 0.8; Apple's and Microsoft's conventions elsewhere. */
function dataFolder(environment: Environment, home: string, platform: NodeJS.Platform): string {
  if (platform === "win32") return given(environment.LOCALAPPDATA) ?? join(home, "AppData", "Local");
  if (platform === "darwin") return join(home, "Library", "Application Support");
  return given(environment.XDG_DATA_HOME) ?? join(home, ".local", "share");
}

function cacheFolder(environment: Environment, home: string): string {
  const folder = given(environment.HF_HUB_CACHE);
  if (folder !== undefined) return resolve(folder);
  const cacheHome = given(environment.XDG_CACHE_HOME) ?? join(home, ".cache");
  return join(resolve(given(environment.HF_HOME) ?? join(cacheHome, "huggingface")), "hub");
}

function endpointOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isWeb = url?.protocol === "https:" || url?.protocol === "http:";
  if (url !== undefined && isWeb && url.username === "") return url.href.replace(/\/+$/, "");
  throw loftError("usage-invalid", {
    what: "HF_ENDPOINT is not the address of a model server.",
    fix: `Set it to an address such as ${defaultEndpoint}, or leave it out.`,
  });
}

/** An empty variable counts as absent. */
function given(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === "" ? undefined : value.trim();
}
