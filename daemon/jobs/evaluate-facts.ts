/** What an evaluation found out once and need not find out again: values in `facts/` of its folder, by what they hang on. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeJsonAtomic } from "../base/atomic-file.ts";
import { isRecord } from "../checkpoint/json-text.ts";

/** The value of an id, read or made; a damaged file is made again. */
export async function factOf<Value>(folder: string, id: string, make: () => Promise<Value>): Promise<Value> {
  const file = join(folder, "facts", `${id}.json`);
  const known = await readFact(file, id);
  if (known !== undefined) return known.value as Value;
  const value = await make();
  await writeJsonAtomic(file, { formatVersion: 1, id, value });
  return value;
}

async function readFact(file: string, id: string): Promise<{ readonly value: unknown } | undefined> {
  const text = await readFile(file, "utf8").catch(() => "");
  try {
    const found: unknown = JSON.parse(text);
    const fits = isRecord(found) && found.formatVersion === 1 && found.id === id && found.value !== undefined;
    return fits ? { value: found.value } : undefined;
  } catch {
    return undefined;
  }
}
