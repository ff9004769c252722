import type { TaskResult } from '@taskresults/protocol/taskresults/v1/task_result';
import type { KnownTaskResult } from '@taskresults/protocol/taskresults/v1/task_result_service';
import { statusOf } from './answers';
import type { WatchEvent } from './connection';
import type { TaskResultsError } from './errors';
import type { StreamRule } from './retry-rule';
import { doesNotExist } from './server-error';
import { isFinal, type TaskResultVersion } from './task-result-fields';
import { compareVersions, NO_VERSION, versionMessage, versionOf } from './version';

/** Follows one id: a wait, or the watch of a handle. */
export interface Follower {
  readonly id: string;
  /** The newest version that it knows. Kept up to date by the group. */
  version: TaskResultVersion;
  /** Whether it goes on after a stream that has failed. */
  readonly rule: StreamRule;
  /** Called with each newer state; the last one is finished. */
  changed(result: TaskResult): void;
  /** Called once, when nothing more can come. */
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

  /** Each id with the version that all of its followers know. */
  get known(): KnownTaskResult[] {
    return [...this.#byId].map(([id, followers]) => {
      const [first, ...others] = [...followers].map(({ version }) => version);
      const oldest = others.reduce((a, b) => (compareVersions(a, b) <= 0 ? a : b), first ?? NO_VERSION);
      return { id, known: versionMessage(oldest) };
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

  /** The same followers in groups of at most `maxIds` ids. */
  parts(maxIds: number): FollowerGroup[] {
    const sets = [...this.#byId.values()];
    const count = Math.ceil(sets.length / maxIds);
    return Array.from({ length: count }, (_, i) => {
      const some = sets.slice(i * maxIds, (i + 1) * maxIds);
      return new FollowerGroup(some.flatMap((followers) => [...followers]));
    });
  }

  /** Passes an event to the followers of its id. */
  deliver(event: WatchEvent): void {
    if (event.$case === 'notFound') {
      this.#lose(event.value.id, Number.POSITIVE_INFINITY);
    } else if (event.$case === 'deleted') {
      this.#lose(event.value.id, versionOf(event.value.version).incarnation);
    } else if (event.$case === 'snapshot') {
      for (const follower of [...(this.#byId.get(event.value.id) ?? [])]) this.#notify(follower, event.value);
    }
  }

  /**
   * The stream has ended because everything on it is settled. A follower that is left knows another version than the
   * stream: it has to read the result that it follows.
   */
  forget(): void {
    for (const follower of this.followers) follower.version = { ...follower.version, revision: 0 };
  }

  #notify(follower: Follower, result: TaskResult): void {
    const version = versionOf(result);
    const known = follower.version;
    if (known.incarnation !== 0 && known.incarnation !== version.incarnation) {
      // What it knew was deleted, and another one created under the id.
      this.remove(follower);
      follower.lost(doesNotExist(follower.id));
      return;
    }
    const order = compareVersions(version, known);
    const isFinished = isFinal(statusOf(result.status));
    // Another follower on this stream knew less. This one is ended all the same: nothing else would come.
    if (order < 0 || (order === 0 && !isFinished)) return;
    if (isFinished) this.remove(follower);
    follower.version = version;
    follower.changed(result);
  }

  /** What was known of an id up to this incarnation is gone. */
  #lose(id: string, incarnation: number): void {
    for (const follower of [...(this.#byId.get(id) ?? [])]) {
      if (follower.version.incarnation > incarnation) continue;
      this.remove(follower);
      follower.lost(doesNotExist(id));
    }
  }
}
