import type { Command } from '../../domain/command';
import { MAX_COMMANDS } from '../../domain/store';

/** Of one transaction, besides MAX_COMMANDS. The command that passes it is still taken. */
const MAX_BYTES = 2 * 1024 * 1024;

/** What goes into one transaction, in its order. */
export class Batch<T extends { readonly command: Command; readonly bytes: number }> {
  readonly items: T[] = [];
  readonly #creations = new Creations();
  #bytes = 0;

  constructor(private readonly maxCommands = MAX_COMMANDS) {}

  get isFull(): boolean {
    return this.items.length >= this.maxCommands || this.#bytes >= MAX_BYTES;
  }

  /** Returns false when the item must go into a later transaction. */
  add(item: T): boolean {
    if (this.isFull || !this.#creations.allow(item.command)) return false;
    this.items.push(item);
    this.#bytes += item.bytes;
    return true;
  }
}

/** Sees to it that no transaction creates a result, deletes it and creates it again: see TaskResultStore.transact. */
class Creations {
  readonly #created = new Set<string>();
  readonly #deletedSince = new Set<string>();

  allow({ kind, id }: Command): boolean {
    if (kind === 'create' && this.#deletedSince.has(id)) return false;
    if (kind === 'create') this.#created.add(id);
    if (kind === 'delete' && this.#created.has(id)) this.#deletedSince.add(id);
    return true;
  }
}

/** About as many bytes as the command brings into a transaction. */
export function weigh(command: Command): number {
  switch (command.kind) {
    case 'create':
      return 500 + command.argsJson.length + command.kwargsJson.length;
    case 'succeed':
      return 300 + command.returnValueJson.length;
    case 'failAttempt':
    case 'failUnstarted':
      return 300 + (command.error ? command.error.message.length + command.error.traceback.length : 0);
    default:
      return 300;
  }
}
