import { setTimeout as delay } from 'node:timers/promises';

/** Generous, so that a busy machine passes: it ends only what hangs. */
const LIMIT_MS = 120_000;

/** Resolves once `condition` holds; rejects when it does not within `timeoutMs`. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = LIMIT_MS,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await delay(10);
  }
}
