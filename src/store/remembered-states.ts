import { LRUCache } from 'lru-cache';
import type { Command } from '../domain/command';
import type { ResultState } from '../domain/result-state';
import { isFinished } from '../domain/task-result';
import { mayBeRepeated } from './started-attempts';

/** Each takes half a KB to a KB. */
export const MAX_REMEMBERED = 16_384;

/** What a batch is decided on. */
export interface Basis {
  remembered: ReadonlyMap<string, ResultState>;
  /** Ids to lock and to read. An id that is in neither is taken for new. */
  toLock: ReadonlySet<string>;
}

/**
 * Unfinished results as this process wrote or read them last, so that their next transition need not read them. Another
 * process may have changed them since: a decision on one of them holds only if its row could be written over.
 */
export class RememberedStates {
  readonly #states = new LRUCache<string, ResultState>({ max: MAX_REMEMBERED });

  /**
   * What to decide a batch on at first. What is remembered is not read, nor are ids that are to be created, most of
   * which are new: when one has changed or is there already, the statements that write it fail.
   */
  basisOf(commands: readonly Command[]): Basis {
    const toLock = idsNotCreated(commands);
    const remembered = new Map<string, ResultState>();
    for (const id of toLock) {
      const state = this.#states.get(id);
      if (state) remembered.set(id, state);
    }
    for (const command of commands) {
      // Only the database knows whether its request has started an attempt before, and the row must be locked for that.
      if (command.kind === 'start' && mayBeRepeated(command, remembered.get(command.id))) remembered.delete(command.id);
    }
    for (const id of remembered.keys()) toLock.delete(id);
    return { remembered, toLock };
  }

  /** Remembers what was committed, or forgets it if it is finished or gone (null). */
  update(committed: Iterable<[id: string, state: ResultState | null]>): void {
    for (const [id, state] of committed) {
      if (state && !isFinished(state.status)) this.#states.set(id, state);
      else this.#states.delete(id);
    }
  }
}

/** Ids whose stored state the batch needs: all but those that it creates first. */
function idsNotCreated(commands: readonly Command[]): Set<string> {
  const created = new Set<string>();
  const others = new Set<string>();
  for (const { kind, id } of commands) {
    // What is created and deleted again leaves no row to insert, and so would not run into one that is there already.
    if (kind === 'delete') others.add(id);
    else if (kind === 'create' && !others.has(id)) created.add(id);
    else if (!created.has(id)) others.add(id);
  }
  return others;
}
