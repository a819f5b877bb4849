/** What `loft doctor` says of graphics cards, on machines that are folders with the files of such machines. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { cudaCheck, webgpuCheck } from "../../../daemon/cli/graphics-checks.ts";
import { readGraphicsFacts } from "../../../daemon/cli/graphics-facts.ts";
import { cudaInstallCommand } from "../../../daemon/engine/runtime/providers.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

type Files = Readonly<Record<string, string>>;

const card: Files = {
  "sys/bus/pci/devices/0000:01:00.0/vendor": "0x10de\n",
  "sys/bus/pci/devices/0000:01:00.0/class": "0x030200\n",
};
const otherCard: Files = { ...card, "sys/bus/pci/devices/0000:01:00.0/vendor": "0x1002\n" };
const soundOfTheCard: Files = { ...card, "sys/bus/pci/devices/0000:01:00.0/class": "0x040300\n" };
const driver: Files = { "usr/lib64/libcuda.so.1": "", "usr/share/vulkan/icd.d/nvidia_icd.json": "{}" };
const loader: Files = { "usr/lib/libvulkan.so.1": "" };
const mesa: Files = { "usr/share/vulkan/icd.d/radeon_icd.x86_64.json": "{}" };
const lavapipe: Files = { "usr/share/vulkan/icd.d/lvp_icd.x86_64.json": "{}" };
/** As ldconfig writes it: paths that end with a zero byte. */
const notedCuda: Files = {
  "etc/ld.so.cache": ["libcudart.so.12", "libcublas.so.12", "libcublasLt.so.12", "libcufft.so.11"]
    .map((name) => `/usr/local/cuda/lib64/${name}\0`)
    .join(""),
};
const cudnn: Files = { "opt/cudnn/libcudnn.so.9": "" };

async function factsOf(files: Files, environment: (root: string) => NodeJS.ProcessEnv = () => ({})) {
  const root = await temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  return readGraphicsFacts({ XDG_DATA_HOME: join(root, "nothing"), ...environment(root) }, root);
}

describe.skipIf(process.platform === "win32")("cuda", () => {
  const command = cudaInstallCommand;
  const cudnnGiven = (root: string) => ({ LD_LIBRARY_PATH: join(root, "opt", "cudnn") });
  const partsOf = (text = "") =>
    Object.entries({
      driver: /nvidia-driver/,
      runtime: /--onnxruntime-node-install=cuda12/,
      cuda: /cuda-libraries-12/,
      cudnn: /libcudnn9-cuda-12/,
      cpu: /"provider": "cpu"/,
    }).flatMap(([part, pattern]) => (pattern.test(text) ? [part] : []));

  it.each([
    ["a card alone", card, false, ["driver", "runtime", "cuda", "cudnn"]],
    ["a card and its driver", { ...card, ...driver }, false, ["runtime", "cuda", "cudnn"]],
    ["all but ONNX Runtime's part", { ...card, ...driver, ...notedCuda, ...cudnn }, false, ["runtime"]],
  ])("%s: what is still to be added", async (_, files, isAdded, parts) => {
    const check = cudaCheck(await factsOf(files, cudnnGiven), { isAdded, command });
    expect(check.fix).toBeUndefined();
    expect(check.value).toMatch(/^missing: /);
    expect(partsOf(check.add)).toEqual(parts);
  });

  it.each([
    ["no card", {}],
    ["a card of another maker", otherCard],
    ["an NVIDIA device that draws nothing", soundOfTheCard],
  ])("%s: nothing to add", async (_, files) => {
    const check = cudaCheck(await factsOf(files), { isAdded: false, command });
    expect(check).toEqual({ name: "cuda", value: "no NVIDIA card found" });
  });

  it("is a fault where runs would choose it by themselves and it cannot work", async () => {
    const withoutCudnn = cudaCheck(await factsOf({ ...card, ...driver, ...notedCuda }), { isAdded: true, command });
    expect(withoutCudnn.value).toBe("missing: cuDNN 9 (libcudnn.so.9)");
    expect(partsOf(withoutCudnn.fix)).toEqual(["cudnn", "cpu"]);
    const withoutCard = cudaCheck(await factsOf({ ...driver, ...notedCuda, ...cudnn }, cudnnGiven), {
      isAdded: true,
      command,
    });
    expect(withoutCard.value).toBe("missing: an NVIDIA card");
    expect(partsOf(withoutCard.fix)).toEqual(["cpu"]);
  });

  it("names the libraries of CUDA that are not found", async () => {
    const noted = {
      "etc/ld.so.cache": "/usr/lib/libcudart.so.12\0/usr/lib/libcublas.so.12\0/usr/lib/libcublasLt.so.12\0",
    };
    const check = cudaCheck(await factsOf({ ...card, ...driver, ...noted, ...cudnn }, cudnnGiven), {
      isAdded: true,
      command,
    });
    expect(check.value).toBe("missing: CUDA 12 (libcufft.so.11)");
  });

  it("is content when everything is there", async () => {
    const all = await factsOf({ ...card, ...driver, ...notedCuda, ...cudnn }, cudnnGiven);
    expect(cudaCheck(all, { isAdded: true, command })).toEqual({
      name: "cuda",
      value: "card, driver and libraries are there",
    });
  });
});

describe.skipIf(process.platform === "win32")("webgpu", () => {
  it.each([
    ["a card", otherCard, "the Vulkan loader (libvulkan.so.1) and a Vulkan driver", ["libvulkan1 mesa-vulkan-drivers"]],
    ["a card and a loader", { ...otherCard, ...loader }, "a Vulkan driver", ["install mesa-vulkan-drivers"]],
    ["a driver", mesa, "the Vulkan loader (libvulkan.so.1)", ["install libvulkan1`"]],
    [
      "an NVIDIA card alone",
      card,
      "the Vulkan loader (libvulkan.so.1) and a Vulkan driver",
      ["libvulkan1`", "NVIDIA driver"],
    ],
    ["an NVIDIA card with its driver", { ...card, ...driver }, "the Vulkan loader (libvulkan.so.1)", ["libvulkan1`"]],
  ])("%s: what is missing and how to add it", async (_, files, missing, texts) => {
    const check = webgpuCheck(await factsOf(files));
    expect(check.value).toBe(`missing: ${missing}`);
    for (const text of texts) expect(check.add).toContain(text);
    expect(check.fix).toBeUndefined();
  });

  it("needs nothing where there is no card", async () => {
    expect(webgpuCheck(await factsOf(loader))).toEqual({ name: "webgpu", value: "no graphics card found" });
  });

  it("names the drivers, and tells software from a card", async () => {
    expect(webgpuCheck(await factsOf({ ...loader, ...mesa }))).toEqual({
      name: "webgpu",
      value: "Vulkan driver radeon_icd.x86_64.json",
    });
    expect(webgpuCheck(await factsOf({ ...loader, ...lavapipe })).value).toContain("software only");
    const given = await factsOf({ ...loader, ...mesa, "own/vk_swiftshader_icd.json": "{}" }, (root) => ({
      VK_DRIVER_FILES: join(root, "own", "vk_swiftshader_icd.json"),
    }));
    expect(webgpuCheck(given).value).toBe("Vulkan driver vk_swiftshader_icd.json: software only, for tests");
  });
});
