import type {
  TaskResultFilter,
  WatchTaskResultsRequest,
} from '@taskresults/protocol/taskresults/v1/task_result_service';
import { statusOf } from './answers';
import type { WatchEvent } from './connection';
import { isFinal, type TaskResultVersion } from './task-result-fields';
import { compareVersions, NO_VERSION, versionMessage, versionOf } from './version';

/** What is watched, and how far the watch has come: enough to open it again without seeing anything twice. */
export interface WatchProgress {
  /** What to watch from here on. */
  target(): WatchTaskResultsRequest['target'];
  /** Takes an event in; whether it is news. */
  learn(event: WatchEvent): boolean;
  /** Nothing more can come. */
  isComplete(): boolean;
}

/** A watch of ids. An id is settled once it is finished, deleted or not found. */
export class IdsProgress implements WatchProgress {
  readonly #known = new Map<string, { version: TaskResultVersion; settled: boolean; gone: boolean }>();

  constructor(
    ids: readonly string[],
    private readonly keepOpen: boolean,
  ) {
    for (const id of ids) this.#known.set(id, { version: NO_VERSION, settled: false, gone: false });
  }

  target(): WatchTaskResultsRequest['target'] {
    const followed = [...this.#known].filter(([, { settled }]) => this.keepOpen || !settled);
    const taskResults = followed.map(([id, { version }]) => ({ id, known: versionMessage(version) }));
    return { $case: 'ids', value: { taskResults } };
  }

  learn(event: WatchEvent): boolean {
    if (event.$case === 'snapshot') {
      const { id, status } = event.value;
      const version = versionOf(event.value);
      const before = this.#known.get(id)?.version ?? NO_VERSION;
      this.#known.set(id, { version, settled: isFinal(statusOf(status)), gone: false });
      return compareVersions(version, before) > 0;
    }
    if (event.$case !== 'deleted' && event.$case !== 'notFound') return false;
    // A watch that is opened again says of every missing id again that it is not found.
    const before = this.#known.get(event.value.id);
    this.#known.set(event.value.id, { version: NO_VERSION, settled: true, gone: true });
    return !before?.gone;
  }

  isComplete(): boolean {
    return !this.keepOpen && [...this.#known.values()].every(({ settled }) => settled);
  }
}

/**
 * A watch by filter. Opened again it sends every match again, of which only news is passed on. What stopped matching
 * while nothing was open stays unknown.
 */
export class FilterProgress implements WatchProgress {
  readonly #versions = new Map<string, TaskResultVersion>();

  constructor(private readonly filter: TaskResultFilter) {}

  target(): WatchTaskResultsRequest['target'] {
    return { $case: 'filter', value: this.filter };
  }

  learn(event: WatchEvent): boolean {
    switch (event.$case) {
      case 'snapshot': {
        const { id } = event.value;
        const version = versionOf(event.value);
        const isNews = compareVersions(version, this.#versions.get(id) ?? NO_VERSION) > 0;
        if (isNews) this.#versions.set(id, version);
        return isNews;
      }
      case 'unmatched':
      case 'deleted':
        return this.#versions.delete(event.value.id);
      default:
        return false;
    }
  }

  isComplete(): boolean {
    return false;
  }
}
