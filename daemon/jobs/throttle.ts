/** Calls that come too often become fewer: the first at once, the others at the end of a pause, the last one always. */

export type Throttle = { readonly ask: () => void };

/** @param pause milliseconds between two calls of `action` */
export function createThrottle(pause: number, action: () => void): Throttle {
  let timer: NodeJS.Timeout | undefined;
  let isAsked = false;
  const ask = () => {
    if (timer !== undefined) {
      isAsked = true;
      return;
    }
    timer = setTimeout(() => {
      timer = undefined;
      if (!isAsked) return;
      isAsked = false;
      ask();
    }, pause);
    timer.unref();
    action();
  };
  return { ask };
}
