/** Sizes in bytes in words. */

/** `350 MB`, `1.1 GB`: powers of ten, as disks are sold, as exact as a glance needs. */
export function byteText(bytes: number): string {
  if (bytes < 1e6) return `${Math.max(1, Math.round(bytes / 1e3))} kB`;
  if (bytes < 0.9995e9) return `${Math.round(bytes / 1e6)} MB`;
  const gigabytes = bytes / 1e9;
  return `${gigabytes < 10 ? gigabytes.toFixed(1) : Math.round(gigabytes).toLocaleString("en-US")} GB`;
}
