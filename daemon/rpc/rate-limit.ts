/** A bucket of permits that fills up with time. Pure but for the clock, which is handed in. */

/** `take` uses a permit; false when there is none. */
export type RateLimit = { readonly take: () => boolean };

/**
 * @param burst permits at most, all there at first
 * @param perSecond permits that come back each second
 * @param now milliseconds, any origin
 */
export function createRateLimit(
  burst: number,
  perSecond: number,
  now: () => number = () => performance.now(),
): RateLimit {
  let permits = burst;
  let filledAt = now();
  const take = () => {
    const time = now();
    permits = Math.min(burst, permits + ((time - filledAt) / 1000) * perSecond);
    filledAt = time;
    if (permits < 1) return false;
    permits -= 1;
    return true;
  };
  return { take };
}
