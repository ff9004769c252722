import type { StartCommand } from '../domain/command';
import type { ResultState } from '../domain/result-state';
import type { AttemptRow } from './rows';

/** Which attempts were started by which requests. */
export class StartedAttempts {
  readonly #byResult = new Map<string, Map<string, number>>();

  add({ taskId, requestId, attempt }: Pick<AttemptRow, 'taskId' | 'requestId' | 'attempt'>): void {
    if (requestId === null) return;
    const ofResult = this.#byResult.get(taskId);
    if (ofResult) ofResult.set(requestId, attempt);
    else this.#byResult.set(taskId, new Map([[requestId, attempt]]));
  }

  /** Null: none. */
  get(taskId: string, requestId: string | null): number | null {
    return requestId === null ? null : (this.#byResult.get(taskId)?.get(requestId) ?? null);
  }

  /** The result is gone, and its attempts with it. */
  forget(taskId: string): void {
    this.#byResult.delete(taskId);
  }
}

/** Whether the request of a start can have started an attempt of this result before. */
export function mayBeRepeated({ requestId }: StartCommand, state: ResultState | undefined): boolean {
  return requestId !== null && state !== undefined && state.attempts > 0;
}
