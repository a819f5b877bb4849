/** A few things that are dear to make, by name; the one unused for longest gives way. */

export type Kept<Thing> = { readonly get: (key: string, make: () => Promise<Thing>) => Promise<Thing> };

/**
 * @param most of them at once, at least 1
 * @param release called for each that gives way, before the next one is made
 */
export function keepSome<Thing>(
  most: number,
  release: (thing: Thing) => Promise<void> = () => Promise.resolve(),
): Kept<Thing> {
  const kept = new Map<string, Thing>();
  const get: Kept<Thing>["get"] = async (key, make) => {
    const found = kept.get(key);
    if (found !== undefined) {
      kept.delete(key);
      kept.set(key, found);
      return found;
    }
    while (most <= kept.size) {
      const [oldest, thing] = kept.entries().next().value as [string, Thing];
      kept.delete(oldest);
      await release(thing);
    }
    const made = await make();
    kept.set(key, made);
    return made;
  };
  return { get };
}
