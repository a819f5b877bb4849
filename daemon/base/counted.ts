/** Counts in words. */

/** `1 adapter`, `48 adapters`, `3,000 images`, `2 classes`. */
export function counted(count: number, noun: string): string {
  const plural = /(s|x|ch)$/.test(noun) ? `${noun}es` : `${noun}s`;
  return `${count.toLocaleString("en-US")} ${count === 1 ? noun : plural}`;
}
