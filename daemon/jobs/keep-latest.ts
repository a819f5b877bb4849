/** Trainers and samplers are made for a number of rows; of each only the latest one stays in memory. */

export type Releasable = { readonly release: () => Promise<void> };

/** One resource at a time, made anew when another number of rows is asked for; release it. */
export type ByRows<Resource> = Releasable & { readonly forRows: (rows: number) => Promise<Resource> };

/** What was made before is released first, and once: the runtime refuses a second release. */
export function keepLatest<Resource extends Releasable>(create: (rows: number) => Promise<Resource>): ByRows<Resource> {
  let kept: { readonly rows: number; readonly resource: Resource } | undefined;
  const release = async () => {
    const former = kept;
    kept = undefined;
    await former?.resource.release();
  };
  const forRows = async (rows: number) => {
    if (kept?.rows === rows) return kept.resource;
    await release();
    const resource = await create(rows);
    kept = { rows, resource };
    return resource;
  };
  return { forRows, release };
}
