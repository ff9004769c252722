/** A timer of Node fires at once beyond this. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Calls `onEnd` after any span of time, `Infinity` included. Returns what stops it. */
export function startTimer(ms: number, onEnd: () => void): () => void {
  const endsAt = performance.now() + ms;
  let timer: NodeJS.Timeout | undefined;
  const sleep = () => {
    const left = endsAt - performance.now();
    timer = setTimeout(left > MAX_TIMER_MS ? sleep : onEnd, Math.min(left, MAX_TIMER_MS));
  };
  if (ms < Number.POSITIVE_INFINITY) sleep();
  return () => clearTimeout(timer);
}
