import { setTimeout as delay } from 'node:timers/promises';
import { storeUnavailable } from '../domain/errors';
import { classify, withoutParameters } from './driver-errors';

/** Tries after the first. */
export const RETRIES = 5;

/** 5 to 10 ms before the first retry, doubled each time: up to 0.3 s in all. With jitter, so that rivals part. */
export function pauseBeforeRetry(attempt: number): Promise<void> {
  return delay(5 * 2 ** (attempt - 1) * (1 + Math.random()));
}

/** Runs a read again when its connection turns out to be gone: a pool learns of a restart only by trying. */
export async function readWithRetries<T>(read: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read();
    } catch (error) {
      const fault = classify(error);
      if (fault === 'unknown') throw withoutParameters(error);
      if (fault === 'unavailable' || attempt > RETRIES) throw storeUnavailable(withoutParameters(error));
      await pauseBeforeRetry(attempt);
    }
  }
}
