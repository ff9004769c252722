import { setTimeout as delay } from 'node:timers/promises';
import { storeUnavailable } from '../domain/errors';
import { type FaultOf, faultWorthRetry, withoutParameters } from './driver-errors';

/** How often something is tried again after its first try. */
const MAX_RETRIES = 5;

/**
 * No try begins later than this after the first one. A query that was not answered in time is repeated once, and not
 * six times: callers would wait for minutes.
 */
const MAX_TRYING_MS = 9_500;

/** Whether there is another try after `retries` retries, when the first try began at `began` (of `performance.now`). */
export function mayRetry(retries: number, began: number): boolean {
  return retries < MAX_RETRIES && performance.now() - began < MAX_TRYING_MS;
}

/** 5 to 10 ms before the first retry, doubled each time: up to 0.3 s in all. With jitter, so that rivals part. */
export function pauseBeforeRetry(retry: number): Promise<void> {
  return delay(5 * 2 ** (retry - 1) * (1 + Math.random()));
}

/** Runs a read again when its connection turns out to be gone: a pool learns of a restart only by trying. */
export async function readWithRetries<T>(faultOf: FaultOf, read: () => Promise<T>): Promise<T> {
  const began = performance.now();
  for (let retries = 0; ; retries++) {
    try {
      return await read();
    } catch (error) {
      faultWorthRetry(error, faultOf);
      if (!mayRetry(retries, began)) throw storeUnavailable(withoutParameters(error));
      await pauseBeforeRetry(retries + 1);
    }
  }
}
