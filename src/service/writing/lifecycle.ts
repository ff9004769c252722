import type { Caller } from '../../domain/caller';
import type { Command } from '../../domain/command';
import type { ResultState } from '../../domain/result-state';
import type { TaskResultStore } from '../../domain/store';
import { type Version, versionOf } from '../../domain/version';
import { WriteQueue } from './write-queue';

/** What the writing calls mean. */
export class Lifecycle {
  readonly #queue: WriteQueue;

  constructor(
    store: TaskResultStore,
    /** Called for each result that has changed, once the change is durable. */
    private readonly changed: (id: string, version: Version) => void,
  ) {
    this.#queue = new WriteQueue(store);
  }

  /** Resolves to the state that the command left behind; null for a delete. Rejects when the command is refused. */
  async record(command: Command, caller: Caller): Promise<ResultState | null> {
    const decision = await this.#queue.submit(command, caller);
    switch (decision.kind) {
      case 'refused':
        throw decision.error;
      case 'unchanged':
        return decision.state;
      case 'deleted':
        this.changed(command.id, decision.version);
        return null;
      case 'changed':
        this.changed(command.id, versionOf(decision.state));
        if (decision.refusal) throw decision.refusal;
        return decision.state;
    }
  }

  /** Takes no more commands. Resolves when all that were taken are decided. */
  close(): Promise<void> {
    return this.#queue.close();
  }
}
