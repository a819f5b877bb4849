/** What a graphics card on a Linux machine still lacks before LoFT can use it, and the commands that add it. Pure. */
import type { Check } from "./doctor.ts";
import type { GraphicsFacts } from "./graphics-facts.ts";

type CudaProvider = {
  /** ONNX Runtime's own libraries for CUDA are in its package. */
  readonly isAdded: boolean;
  /** The command that adds them. */
  readonly command: string;
};

/** Sonames that ONNX Runtime's CUDA libraries are linked to, beside the driver's and cuDNN's. */
const cudaLibraries = ["libcudart.so.12", "libcublas.so.12", "libcublasLt.so.12", "libcufft.so.11"];

type Part = { readonly name: string; readonly isThere: boolean; readonly add: string };

/**
 * CUDA's parts, in the order in which they are added. With ONNX Runtime's part there, runs choose CUDA by themselves:
 * what it lacks is then a fault.
 */
export function cudaCheck({ hasNvidiaCard, hasLibrary }: GraphicsFacts, { isAdded, command }: CudaProvider): Check {
  const name = "cuda";
  if (!hasNvidiaCard && !isAdded) return { name, value: "no NVIDIA card found" };
  const missing = cudaParts(hasLibrary, { isAdded, command }).filter(({ isThere }) => !isThere);
  if (missing.length === 0 && hasNvidiaCard) return { name, value: "card, driver and libraries are there" };
  const names = missing.map((part) => part.name);
  const value = `missing: ${(hasNvidiaCard ? names : ["an NVIDIA card", ...names]).join(", ")}`;
  const steps = missing.map(({ add }) => add);
  if (!isAdded) return { name, value, add: steps.join("; ") };
  return { name, value, fix: [...steps, 'or set "device": { "provider": "cpu" }'].join("; ") };
}

function cudaParts(hasLibrary: GraphicsFacts["hasLibrary"], { isAdded, command }: CudaProvider): readonly Part[] {
  const lacking = cudaLibraries.filter((library) => !hasLibrary(library));
  return [
    {
      name: "the NVIDIA driver (libcuda.so.1)",
      isThere: hasLibrary("libcuda.so.1"),
      add: "`sudo apt-get install nvidia-driver` (Debian, non-free) or `sudo ubuntu-drivers install` (Ubuntu)",
    },
    { name: "ONNX Runtime's CUDA libraries", isThere: isAdded, add: `\`${command}\` in LoFT's folder` },
    {
      name: `CUDA 12 (${lacking.join(", ")})`,
      isThere: lacking.length === 0,
      add: "`sudo apt-get install cuda-libraries-12-9` from NVIDIA's repository (developer.nvidia.com/cuda-downloads)",
    },
    {
      name: "cuDNN 9 (libcudnn.so.9)",
      isThere: hasLibrary("libcudnn.so.9"),
      add: "`sudo apt-get install libcudnn9-cuda-12` from the same repository",
    },
  ];
}

/** WebGPU needs Vulkan's loader and a driver for the card. */
export function webgpuCheck({ hasCard, hasNvidiaCard, hasLibrary, vulkanDrivers }: GraphicsFacts): Check {
  const name = "webgpu";
  if (!hasCard && vulkanDrivers.length === 0) return { name, value: "no graphics card found" };
  const loader = hasLibrary("libvulkan.so.1") ? [] : ["libvulkan1"];
  // NVIDIA's own driver describes itself to Vulkan.
  const driver = vulkanDrivers.length === 0 && !hasNvidiaCard ? ["mesa-vulkan-drivers"] : [];
  const packages = [...loader, ...driver];
  const install = packages.length === 0 ? [] : [`\`sudo apt-get install ${packages.join(" ")}\` (Debian, Ubuntu)`];
  const forNvidia = vulkanDrivers.length === 0 && hasNvidiaCard ? ["the NVIDIA driver"] : [];
  const steps = [...install, ...forNvidia];
  if (steps.length === 0) return { name, value: driversText(vulkanDrivers) };
  const lacking = [
    ...(loader.length === 0 ? [] : ["the Vulkan loader (libvulkan.so.1)"]),
    ...(vulkanDrivers.length === 0 ? ["a Vulkan driver"] : []),
  ];
  return { name, value: `missing: ${lacking.join(" and ")}`, add: steps.join("; ") };
}

function driversText(drivers: readonly string[]): string {
  const names = drivers.map((file) => file.split("/").at(-1)).join(", ");
  const isSoftware = drivers.every((file) => /lvp_icd|swiftshader/.test(file));
  return `Vulkan driver ${names}${isSoftware ? ": software only, for tests" : ""}`;
}
