import { status } from '@grpc/grpc-js';
import {
  WatchTaskResultsResponse_End_Reason as EndReason,
  type KnownTaskResult,
} from '@taskresults/protocol/taskresults/v1/task_result_service';
import { clientClosed } from './cancellation';
import type { WatchEvent } from './connection';
import type { TaskResultsError } from './errors';
import { type Follower, FollowerGroup } from './follower-group';
import { Pauses } from './pauses';
import { sameError } from './server-error';

/** Ids that one stream takes at most. */
const MAX_IDS = 1_000;
/**
 * Each stream that is cancelled puts the next opening off by this: a server closes the whole connection when more than
 * 33 cancels a second go on coming. Streams that the server ends cost nothing.
 */
const CANCEL_GAP_MS = 50;

interface Stream {
  readonly group: FollowerGroup;
  readonly abort: AbortController;
}

/** Opens a stream of these ids. */
type Open = (known: KnownTaskResult[], signal: AbortSignal) => AsyncIterable<WatchEvent>;

/**
 * Lets any number of followers share a few streams: those who come together get one for each 1,000 ids. The ids of a
 * stream cannot change, so later ones get another, into which others are merged. A stream that is lost is opened again
 * with the versions known.
 */
export class SharedWatch {
  readonly #joining = new Set<Follower>();
  readonly #streams = new Set<Stream>();
  readonly #pauses = new Pauses();
  #timer: NodeJS.Timeout | null = null;
  /** No stream is opened before: others were cancelled. */
  #opensAt = 0;
  /** No stream is opened before: the pause after a failure, which may be what the server asks for. */
  #pausedUntil = 0;

  constructor(private readonly open: Open) {}

  /** Returns what ends the following. */
  join(follower: Follower): () => void {
    this.#gather([follower], 0);
    return () => this.#leave(follower);
  }

  /** Ends all followers. */
  close(): void {
    if (this.#timer) clearTimeout(this.#timer);
    const followers = [...this.#joining, ...[...this.#streams].flatMap(({ group }) => group.followers)];
    this.#joining.clear();
    for (const stream of this.#streams) this.#end(stream);
    for (const follower of followers) follower.lost(clientClosed());
  }

  #gather(followers: readonly Follower[], pauseMs: number): void {
    for (const follower of followers) this.#joining.add(follower);
    this.#pausedUntil = Math.max(this.#pausedUntil, performance.now() + pauseMs);
    this.#timer ??= this.#openAt(Math.max(this.#pausedUntil, this.#opensAt));
  }

  #openAt(time: number): NodeJS.Timeout {
    return setTimeout(() => this.#openStreams(), time - performance.now());
  }

  #openStreams(): void {
    // A longer pause may have begun meanwhile.
    const isPaused = this.#joining.size > 0 && performance.now() < this.#pausedUntil;
    this.#timer = isPaused ? this.#openAt(this.#pausedUntil) : null;
    if (isPaused || this.#joining.size === 0) return;
    const group = new FollowerGroup(this.#joining);
    this.#joining.clear();
    this.#mergeInto(group);
    for (const part of group.parts(MAX_IDS)) void this.#follow(part);
  }

  /** The smallest streams go into `group`, as long as there would be too many: so few ids are asked for again. */
  #mergeInto(group: FollowerGroup): void {
    const smallestFirst = [...this.#streams].sort((a, b) => a.group.size - b.group.size);
    const max = maxStreams(smallestFirst.reduce((ids, stream) => ids + stream.group.size, group.size));
    for (const stream of smallestFirst) {
      if (this.#streams.size + streamsFor(group.size) <= max) return;
      for (const follower of stream.group.followers) group.add(follower);
      this.#end(stream);
    }
  }

  /** One stream from its opening to its end. Never rejects. */
  async #follow(group: FollowerGroup): Promise<void> {
    const stream = { group, abort: new AbortController() };
    this.#streams.add(stream);
    let failure: TaskResultsError | null = null;
    let hasTold = false;
    try {
      for await (const event of this.open(group.known, stream.abort.signal)) {
        if (event.$case !== 'end') {
          hasTold = true;
          this.#pauses.reset();
        } else if (event.value.reason === EndReason.REASON_ALL_FINISHED) {
          group.forget();
        }
        group.deliver(event);
      }
    } catch (error) {
      failure = error as TaskResultsError;
    }
    // Otherwise it was merged into another one, or all have left.
    if (!this.#streams.delete(stream)) return;
    if (hasTold) for (const { rule } of group.followers) rule.reset();
    this.#reopen(group, failure);
  }

  #reopen(group: FollowerGroup, failure: TaskResultsError | null): void {
    if (failure?.code === status.INVALID_ARGUMENT && group.size > 1) {
      // One bad id must not take the others with it.
      for (const half of group.parts(Math.ceil(group.size / 2))) void this.#follow(half);
      return;
    }
    const again: Follower[] = [];
    for (const follower of group.followers) {
      if (failure === null || follower.rule.isWorthReopening(failure)) again.push(follower);
      else follower.lost(sameError(failure));
    }
    if (again.length > 0) this.#gather(again, this.#pauses.next(failure));
  }

  #leave(follower: Follower): void {
    if (this.#joining.delete(follower)) return;
    for (const stream of this.#streams) {
      if (!stream.group.remove(follower)) continue;
      if (stream.group.size === 0) this.#end(stream);
      return;
    }
  }

  #end(stream: Stream): void {
    this.#streams.delete(stream);
    stream.abort.abort();
    this.#opensAt = Math.max(this.#opensAt, performance.now()) + CANCEL_GAP_MS;
  }
}

function streamsFor(ids: number): number {
  return Math.ceil(ids / MAX_IDS);
}

/** How many streams may be open: twice as many as full ones would need, and some for ids that come one by one. */
function maxStreams(ids: number): number {
  return 2 * streamsFor(ids) + 10;
}
