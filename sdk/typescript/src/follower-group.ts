import { statusOf } from './answers';
import type { WatchEvent } from './connection';
import type { TaskResultsError } from './errors';
import type { TaskResult } from './gen/taskresults/v1/task_result';
import type { KnownTaskResult } from './gen/taskresults/v1/task_result_service';
import { doesNotExist } from './server-error';
import { isFinal } from './task-result-fields';

/** Somebody who wants to know of one id. */
export interface Follower {
  readonly id: string;
  /** The newest revision that it knows; 0: none. Kept up to date by the group. */
  revision: number;
  /** Told of each newer state; the last one is finished. */
  changed(result: TaskResult): void;
  /** Told once, when nothing more can come. */
  lost(error: TaskResultsError): void;
}

/** The followers of the ids of one stream. An id that is finished or gone leaves it. */
export class FollowerGroup {
  readonly #byId = new Map<string, Set<Follower>>();

  constructor(followers: Iterable<Follower>) {
    for (const follower of followers) this.add(follower);
  }

  /** Number of ids. */
  get size(): number {
    return this.#byId.size;
  }

  get followers(): Follower[] {
    return [...this.#byId.values()].flatMap((followers) => [...followers]);
  }

  /** Each id with the revision that all of its followers know. */
  get known(): KnownTaskResult[] {
    return [...this.#byId].map(([id, followers]) => {
      let least = Number.POSITIVE_INFINITY;
      for (const { revision } of followers) least = Math.min(least, revision);
      return { id, knownRevision: BigInt(least) };
    });
  }

  add(follower: Follower): void {
    const others = this.#byId.get(follower.id);
    if (others) others.add(follower);
    else this.#byId.set(follower.id, new Set([follower]));
  }

  /** Whether it was in here. */
  remove(follower: Follower): boolean {
    const followers = this.#byId.get(follower.id);
    if (!followers?.delete(follower)) return false;
    if (followers.size === 0) this.#byId.delete(follower.id);
    return true;
  }

  /** The same followers in groups of at most `mostIds` ids. */
  parts(mostIds: number): FollowerGroup[] {
    const sets = [...this.#byId.values()];
    const count = Math.ceil(sets.length / mostIds);
    return Array.from({ length: count }, (_, i) => {
      const some = sets.slice(i * mostIds, (i + 1) * mostIds);
      return new FollowerGroup(some.flatMap((followers) => [...followers]));
    });
  }

  /** Tells those whom it concerns. */
  deliver(event: WatchEvent): void {
    if (event.$case === 'deleted' || event.$case === 'notFound') {
      const { id } = event.value;
      for (const follower of this.#settle(id)) follower.lost(doesNotExist(id));
    } else if (event.$case === 'snapshot') {
      const { id, status } = event.value;
      const followers = isFinal(statusOf(status)) ? this.#settle(id) : [...(this.#byId.get(id) ?? [])];
      for (const follower of followers) this.#tell(follower, event.value);
    }
  }

  #tell(follower: Follower, result: TaskResult): void {
    const revision = Number(result.revision);
    // Somebody else on this stream knew less.
    if (revision === follower.revision) return;
    if (revision > follower.revision) {
      follower.revision = revision;
      follower.changed(result);
    } else {
      // What it knew was deleted, and another one created under the id.
      this.remove(follower);
      follower.lost(doesNotExist(follower.id));
    }
  }

  /** Nothing more will come of this id. Returns those who followed it. */
  #settle(id: string): Follower[] {
    const followers = [...(this.#byId.get(id) ?? [])];
    this.#byId.delete(id);
    return followers;
  }
}
