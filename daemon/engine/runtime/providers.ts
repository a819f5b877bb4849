/** Execution providers: which devices ONNX Runtime can use here, and which one a run gets. */
import { listSupportedBackends } from "onnxruntime-node";
import { loftError } from "../../base/errors.ts";

/** What a user may ask for. */
export const providerChoices = ["auto", "cpu", "cuda", "webgpu", "coreml", "dml"] as const;
export type ProviderChoice = (typeof providerChoices)[number];
export type Provider = Exclude<ProviderChoice, "auto">;

const howToAdd: Readonly<Record<Provider, string>> = {
  cpu: "Reinstall onnxruntime-node.",
  cuda: "It needs Linux x64 with an NVIDIA driver, CUDA 12 and cuDNN 9, and onnxruntime-node's CUDA libraries: run `node node_modules/onnxruntime-node/script/install.js --onnxruntime-node-install=cuda12`.",
  webgpu: "It needs a Vulkan, Metal or Direct3D 12 driver.",
  coreml: "It exists on macOS only.",
  dml: "It exists on Windows only.",
};

/** Providers this build of ONNX Runtime contains; whether a device is there shows only when a session is made. */
export function bundledProviders(): readonly Provider[] {
  const names = listSupportedBackends().map(({ name }) => name);
  return (Object.keys(howToAdd) as Provider[]).filter((provider) => names.includes(provider));
}

/**
 * The provider a run uses. `auto` takes CUDA where its libraries are there, else the CPU: other devices are used when
 * asked for by name.
 * @throws LoftError "provider-unavailable" when a provider was asked for that this build does not contain
 */
export function chooseProvider(choice: ProviderChoice): Provider {
  const bundled = bundledProviders();
  if (choice === "auto") return bundled.includes("cuda") ? "cuda" : "cpu";
  if (!bundled.includes(choice)) throw providerUnavailable(choice, "This ONNX Runtime does not contain it.");
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
