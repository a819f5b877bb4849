/** What is told when an adapter file cannot be used. */
import { type LoftError, loftError } from "../base/errors.ts";

/** `reason` is a clause about the file ("it holds no ..."). */
export function adapterInvalid(path: string, reason: string, fix: string): LoftError {
  return loftError("adapter-invalid", { what: `${path} cannot be used as an adapter: ${reason}.`, fix });
}

/** The first few of a list of names, and how many there are besides. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 8).join(", ");
  return names.length <= 8 ? shown : `${shown}, and ${names.length - 8} more`;
}
