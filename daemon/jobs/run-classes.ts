/** The classes of a run as clients see them: what was planned, where that is known, and what lies in its folder. */
import { readdir } from "node:fs/promises";
import type { PhotoAdapter, SampleClass } from "../../schemas/protocol.ts";
import { readSafetensorsHeader } from "../checkpoint/safetensors.ts";
import { compareCodePoints } from "../data/code-point-order.ts";
import { adapterFile, inRun, isAdapterDone, photoFile, readRun, runPaths } from "./run-folder.ts";

/** A trained adapter as its own file describes it. */
type FoundAdapter = PhotoAdapter & { readonly className: string; readonly folder: string };

/**
 * The classes in the order of their folders.
 * @param planned the plan's classes, where a run was started here; without them the folder tells what it can
 * @param counts images by class folder
 */
export async function runClasses(
  root: string,
  planned: readonly SampleClass[] | undefined,
  counts: ReadonlyMap<string, number>,
): Promise<readonly SampleClass[]> {
  if (planned !== undefined) return Promise.all(planned.map((one) => withDisk(root, one, counts)));
  const adapters = await foundAdapters(root);
  const folders = new Set([...adapters.map(({ folder }) => folder), ...counts.keys()]);
  const imagesPerClass = await plannedImages(root);
  return [...folders].sort(compareCodePoints).map((folder) => {
    const own = adapters.filter((adapter) => adapter.folder === folder);
    const samples = counts.get(folder) ?? 0;
    return {
      className: own[0]?.className ?? folder,
      folder,
      planned: Math.max(imagesPerClass, samples),
      samples,
      photos: own.map(({ adapterId, photo, photoFile: file, trained }) => ({
        adapterId,
        photo,
        photoFile: file,
        trained,
      })),
    };
  });
}

/** The classes with newer counts of images: some may have been made while adapters were looked up. */
export function recounted(
  classes: readonly SampleClass[],
  counts: ReadonlyMap<string, number>,
): readonly SampleClass[] {
  return classes.map((one) => ({ ...one, samples: counts.get(one.folder) ?? 0 }));
}

async function withDisk(root: string, one: SampleClass, counts: ReadonlyMap<string, number>): Promise<SampleClass> {
  const photos: PhotoAdapter[] = [];
  for (const photo of one.photos) {
    photos.push({ ...photo, trained: await isAdapterDone(root, one.folder, photo.adapterId) });
  }
  return { ...one, samples: counts.get(one.folder) ?? 0, photos };
}

async function foundAdapters(root: string): Promise<readonly FoundAdapter[]> {
  const found: FoundAdapter[] = [];
  for (const folder of await foldersIn(inRun(root, runPaths.adapters))) {
    for (const id of await foldersIn(inRun(root, `${runPaths.adapters}/${folder}`))) {
      const adapter = await foundAdapter(root, folder, id);
      if (adapter !== undefined) found.push(adapter);
    }
  }
  return found.sort((left, right) => compareCodePoints(left.photo, right.photo));
}

async function foundAdapter(root: string, folder: string, id: string): Promise<FoundAdapter | undefined> {
  const header = await readSafetensorsHeader(inRun(root, adapterFile(folder, id))).catch(() => undefined);
  const { loft_task, loft_class, loft_photo, loft_photo_sha256 } = header?.metadata ?? {};
  if (loft_task !== id || loft_class === undefined || loft_photo === undefined) return undefined;
  return {
    adapterId: id,
    className: loft_class,
    folder,
    photo: loft_photo,
    photoFile: photoFile(folder, loft_photo_sha256 ?? ""),
    trained: true,
  };
}

/** Names of the folders in a folder; none of one that is not there. */
export async function foldersIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

async function plannedImages(root: string): Promise<number> {
  const record = await readRun(root).catch(() => undefined);
  const { sampling } = (record?.config ?? {}) as { readonly sampling?: { readonly imagesPerClass?: unknown } };
  return Number.isSafeInteger(sampling?.imagesPerClass) ? Number(sampling?.imagesPerClass) : 0;
}
