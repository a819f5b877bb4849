/** Execution providers: which devices ONNX Runtime can use here, and which one a run gets. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { listSupportedBackends } from "onnxruntime-node";
import { loftError } from "../../base/errors.ts";

/** What a user may ask for. */
export const providerChoices = ["auto", "cpu", "cuda", "webgpu", "coreml", "dml"] as const;
export type ProviderChoice = (typeof providerChoices)[number];
export type Provider = Exclude<ProviderChoice, "auto">;

/** Gets CUDA's libraries for onnxruntime-node; run it in LoFT's folder. */
export const cudaInstallCommand =
  "node node_modules/onnxruntime-node/script/install.js --onnxruntime-node-install=cuda12";

const howToAdd: Readonly<Record<Provider, string>> = {
  cpu: "Reinstall onnxruntime-node.",
  cuda: `It needs Linux x64 with an NVIDIA driver, CUDA 12 and cuDNN 9, and onnxruntime-node's CUDA libraries: run \`${cudaInstallCommand}\`.`,
  webgpu: "It needs a Vulkan, Metal or Direct3D 12 driver.",
  coreml: "It exists on macOS only.",
  dml: "It exists on Windows only.",
};

/**
 * Providers whose libraries are installed; whether a device is there shows only when a session is made. CUDA's do not
 * come with the package: ONNX Runtime lists it all the same, as not bundled.
 */
export function installedProviders(): readonly Provider[] {
  const backends = listSupportedBackends();
  const isInstalled = (provider: Provider) =>
    backends.some(({ name, bundled }) => name === provider && (bundled || isCudaInstalled(provider)));
  return (Object.keys(howToAdd) as Provider[]).filter(isInstalled);
}

function isCudaInstalled(provider: Provider): boolean {
  if (provider !== "cuda") return false;
  const packageFolder = dirname(createRequire(import.meta.url).resolve("onnxruntime-node/package.json"));
  const folder = join(packageFolder, "bin", "napi-v6", process.platform, process.arch);
  return existsSync(join(folder, "libonnxruntime_providers_cuda.so"));
}

/**
 * The provider a run uses. `auto` takes CUDA where its libraries are there, else the CPU: other devices are used when
 * asked for by name.
 * @throws LoftError "provider-unavailable" when a provider was asked for that is not installed
 */
export function chooseProvider(choice: ProviderChoice): Provider {
  const installed = installedProviders();
  if (choice === "auto") return installed.includes("cuda") ? "cuda" : "cpu";
  if (!installed.includes(choice)) throw providerUnavailable(choice, "Its libraries are not installed.");
  return choice;
}

/** The error for a provider that cannot be used; LoFT never falls back to another device by itself. */
export function providerUnavailable(provider: Provider, reason: string, cause?: unknown) {
  return loftError("provider-unavailable", {
    what: `The execution provider "${provider}" cannot be used here. ${reason}`,
    fix: `${howToAdd[provider]} Or set "device": { "provider": "auto" }. \`loft doctor\` shows what is there.`,
    cause,
  });
}
