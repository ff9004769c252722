import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** How often the process looks, and by how much it must have grown. A collection stops it for some 50 ms. */
const LOOK_MS = 10_000;
const GROWTH_BYTES = 48 * 1024 * 1024;

/**
 * Has the garbage of a burst collected. V8 collects when more is allocated, so a process that was busy and is so no more
 * would keep what it needed no more. What the allocator then does with it: docs/operations.md.
 */
export function giveBackMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  let usual = process.memoryUsage.rss();
  let last = usual;
  setInterval(() => {
    const now = process.memoryUsage.rss();
    const isBusy = now > last + GROWTH_BYTES / 4;
    last = now;
    if (isBusy || now < usual + GROWTH_BYTES) return;
    collect();
    usual = process.memoryUsage.rss();
  }, LOOK_MS).unref();
}
