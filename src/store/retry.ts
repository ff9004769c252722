import { setTimeout as delay } from 'node:timers/promises';
import { storeUnavailable } from '../domain/errors';
import { type FaultOf, faultWorthRetry, withoutParameters } from './driver-errors';

/** How often something is tried again after its first try. */
export const MAX_RETRIES = 5;

/** 5 to 10 ms before the first retry, doubled each time: up to 0.3 s in all. With jitter, so that rivals part. */
export function pauseBeforeRetry(retry: number): Promise<void> {
  return delay(5 * 2 ** (retry - 1) * (1 + Math.random()));
}

/** Runs a read again when its connection turns out to be gone: a pool learns of a restart only by trying. */
export async function readWithRetries<T>(faultOf: FaultOf, read: () => Promise<T>): Promise<T> {
  for (let retry = 1; ; retry++) {
    try {
      return await read();
    } catch (error) {
      faultWorthRetry(error, faultOf);
      if (retry > MAX_RETRIES) throw storeUnavailable(withoutParameters(error));
      await pauseBeforeRetry(retry);
    }
  }
}
