/** How fast bytes come, and how long the rest takes. Pure: the clock is handed in. */

export type TransferRate = {
  /** Note how many bytes are there in total; a smaller number than before starts the measurement again. */
  readonly note: (bytesDone: number) => void;
  /** Undefined until it is measured over half a second. */
  readonly bytesPerSecond: () => number | undefined;
};

/** The rate of the last ten seconds: steady enough to read, quick enough to show a slow line. */
const windowSeconds = 10;
const shortestSeconds = 0.5;

/** @param now seconds, any origin */
export function transferRate(now: () => number): TransferRate {
  let samples: { readonly at: number; readonly bytes: number }[] = [];
  const note = (bytes: number) => {
    const at = now();
    const last = samples.at(-1);
    if (last !== undefined && bytes < last.bytes) samples = [];
    // One sample in a twentieth of the window keeps the list short, whatever the size of the pieces.
    else if (last !== undefined && 1 < samples.length && at - last.at < windowSeconds / 20) samples.pop();
    samples.push({ at, bytes });
    while (2 < samples.length && windowSeconds < at - (samples[1] as { at: number }).at) samples.shift();
  };
  const bytesPerSecond = () => {
    const [first, last] = [samples[0], samples.at(-1)];
    if (first === undefined || last === undefined || last.at - first.at < shortestSeconds) return undefined;
    return (last.bytes - first.bytes) / (last.at - first.at);
  };
  return { note, bytesPerSecond };
}
