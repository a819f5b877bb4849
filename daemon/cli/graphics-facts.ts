/** What of a graphics card, its drivers and their libraries is on this machine: found without loading any of it. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

export type GraphicsFacts = {
  /** Of whatever maker. */
  readonly hasCard: boolean;
  readonly hasNvidiaCard: boolean;
  /** Whether the system finds a shared library by its name. */
  readonly hasLibrary: (name: string) => boolean;
  /** Names of the files that describe the Vulkan drivers. */
  readonly vulkanDrivers: readonly string[];
};

/**
 * Look at a Linux machine.
 * @param root where its files lie
 */
export function readGraphicsFacts(environment: NodeJS.ProcessEnv = process.env, root = "/"): GraphicsFacts {
  const makers = displayMakers(root);
  const isNvidia = makers.includes(nvidia) || hasNvidiaDevice(root);
  return {
    hasCard: 0 < makers.length || isNvidia,
    hasNvidiaCard: isNvidia,
    hasLibrary: librariesOf(environment, root),
    vulkanDrivers: vulkanDrivers(environment, root),
  };
}

/** PCI's number. */
const nvidia = "0x10de";

/** PCI's numbers of the makers of the display controllers (class 3). */
function displayMakers(root: string): readonly string[] {
  const devices = join(root, "sys", "bus", "pci", "devices");
  return namesIn(devices).flatMap((device) => {
    const [vendor, kind] = ["vendor", "class"].map((file) => textOf(join(devices, device, file)));
    return vendor !== undefined && kind?.startsWith("0x03") === true ? [vendor.trim()] : [];
  });
}

/** A container or WSL may show the driver alone. */
function hasNvidiaDevice(root: string): boolean {
  return ["dev/nvidiactl", "usr/lib/wsl/lib/libcuda.so.1"].some((file) => existsSync(join(root, file)));
}

/** Where ld.so(8) looks: the variable's folders, what ldconfig noted down, the usual folders. */
function librariesOf({ LD_LIBRARY_PATH: given = "" }: NodeJS.ProcessEnv, root: string): GraphicsFacts["hasLibrary"] {
  const usual = ["lib", "usr/lib", "lib64", "usr/lib64"].map((folder) => join(root, folder));
  const folders = [...given.split(delimiter).filter((folder) => folder !== ""), ...usual];
  const noted = textOf(join(root, "etc", "ld.so.cache")) ?? "";
  return (name) => noted.includes(`/${name}\0`) || folders.some((folder) => existsSync(join(folder, name)));
}

/** Where the Vulkan loader looks (LoaderDriverInterface.md of Vulkan-Loader): the variables replace the folders. */
function vulkanDrivers({ VK_DRIVER_FILES, VK_ICD_FILENAMES, XDG_DATA_HOME }: NodeJS.ProcessEnv, root: string) {
  const given = VK_DRIVER_FILES || VK_ICD_FILENAMES;
  if (given) return given.split(delimiter).filter((file) => existsSync(file));
  const system = ["etc", "usr/local/etc", "usr/local/share", "usr/share"].map((folder) => join(root, folder));
  const folders = [...system, XDG_DATA_HOME || join(homedir(), ".local", "share")];
  return folders.flatMap((folder) => namesIn(join(folder, "vulkan", "icd.d")).filter((name) => name.endsWith(".json")));
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return undefined;
  }
}
