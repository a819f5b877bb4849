/** A first configuration for a folder of photos: its text, and where it goes. Nothing is written. */
import { access } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { safeFolderName } from "../config/folder-name.ts";
import { initialConfigText } from "../config/initial-config.ts";
import { type FewShotFolder, readFewShotFolder } from "../data/few-shot-folder.ts";
import type { TaskContext } from "./task-context.ts";

export type NewConfig = {
  /** The folder of photos. Absolute, as the others. */
  readonly photos: string;
  /** The configuration's place. */
  readonly file: string;
  readonly name: string;
  /** LoFT's own folder: the schema lies in it. */
  readonly packageFolder: string;
};

/** Look at every photo and compose the file. Throws as `readFewShotFolder`. */
export async function newConfig({ photos, file, name, packageFolder }: NewConfig): Promise<{
  readonly text: string;
  readonly found: FewShotFolder;
}> {
  const found = await readFewShotFolder(photos);
  const text = initialConfigText({
    name,
    dataFolder: pathFrom(dirname(file), photos),
    classFolders: found.classes.map(({ folder }) => folder),
    ...outputBeside(photos, dirname(file), name),
    schema: schemaFrom(dirname(file), packageFolder),
  });
  return { text, found };
}

/** The configuration for a folder, beside it, under a name that is free. */
export async function newConfigTask(
  { folder }: { readonly folder: string },
  { places }: TaskContext,
): Promise<{ readonly file: string; readonly text: string }> {
  const name = basename(folder) || "my-run";
  const file = await freeFile(dirname(folder), name);
  const { text } = await newConfig({ photos: folder, file, name, packageFolder: places.packageFolder });
  return { file, text };
}

/** A path as it is written in a file of `folder`: relative, with forward slashes; absolute only across drives. */
export function pathFrom(folder: string, target: string): string {
  return (relative(folder, target) || ".").split(sep).join("/");
}

async function freeFile(folder: string, name: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const file = join(folder, `${name}${number === 1 ? "" : `-${number}`}.loft.json`);
    const isThere = await access(file).then(
      () => true,
      () => false,
    );
    if (!isThere) return file;
  }
}

/** Runs lie beside the file unless that is inside the folder of photos: then beside the photos. */
function outputBeside(photos: string, folder: string, name: string): { readonly outputFolder?: string } {
  const inside = relative(photos, folder);
  if (isAbsolute(inside) || inside.split(sep)[0] === "..") return {};
  return { outputFolder: pathFrom(folder, join(dirname(photos), "runs", safeFolderName(name))) };
}

function schemaFrom(folder: string, packageFolder: string): string {
  const schema = join(packageFolder, "schemas", "loft.schema.json");
  const path = pathFrom(folder, schema);
  if (isAbsolute(path)) return pathToFileURL(schema).href;
  return path.startsWith(".") ? path : `./${path}`;
}
