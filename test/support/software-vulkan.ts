/** A Vulkan driver that computes on the processor, so that WebGPU can be tried without a graphics card. */
import { existsSync, readdirSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";

export type SoftwareVulkan = {
  /** The file that describes the driver. */
  readonly driver: string;
  /** The library that finds drivers; undefined where the system has it in its usual places. */
  readonly loader?: string;
};

/** How to get one on Debian and what comes from it. */
export const howToGetSoftwareVulkan = "apt-get install chromium, or libvulkan1 and mesa-vulkan-drivers";

/** Chromium brings SwiftShader and a loader of its own. */
const browserFolders = ["/usr/lib/chromium", "/usr/lib/chromium-browser", "/opt/google/chrome"];

/** Mesa's lavapipe needs the system's loader. */
const driverFolders = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"];
const libraryFolders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"];

/** The software driver of this machine; undefined where there is none. */
export function findSoftwareVulkan(): SoftwareVulkan | undefined {
  for (const folder of browserFolders) {
    const [driver, loader] = [join(folder, "vk_swiftshader_icd.json"), join(folder, "libvulkan.so.1")];
    if (existsSync(driver) && existsSync(loader)) return { driver, loader };
  }
  if (!libraryFolders.some((folder) => existsSync(join(folder, "libvulkan.so.1")))) return undefined;
  for (const folder of driverFolders.filter(existsSync)) {
    const name = readdirSync(folder).find((each) => each.startsWith("lvp_icd"));
    if (name !== undefined) return { driver: join(folder, name) };
  }
  return undefined;
}

/** Let this process see that driver and no other; before the first WebGPU session. */
export function useSoftwareVulkan({ driver, loader }: SoftwareVulkan): void {
  process.env.VK_DRIVER_FILES = driver;
  if (loader !== undefined) keepOpen(loader);
}

/** ONNX Runtime asks for the loader by its bare name, and gets the one that is open already. */
function keepOpen(library: string): void {
  const noDelete = 0x1000; // RTLD_NODELETE of glibc: Node closes what turns out to be no module of its own.
  try {
    process.dlopen({ exports: {} }, library, constants.dlopen.RTLD_NOW | noDelete);
  } catch (error) {
    if (!(error as Error).message.includes("self-register")) throw error;
  }
}
