import type { Command } from '../domain/command';
import type { ResultState } from '../domain/result-state';
import type { Dialect } from './dialect';
import type { AttemptRow, TransactionRow } from './rows';
import { mayBeRepeated, StartedAttempts } from './started-attempts';
import { placeholders } from './statement';
import type { Tables } from './tables';
import type { Transaction } from './transaction';

/** What the rules look at. */
const STATE: readonly (keyof ResultState)[] = [
  'id',
  'status',
  'incarnation',
  'revision',
  'attempts',
  'maxAttempts',
  'errorCount',
  'enqueuedAt',
  'startedAt',
  'lastAttemptedAt',
  'finishedAt',
  'leaseExpiresAt',
  'expiresAt',
  'changedAt',
  'createFingerprint',
  'stateFingerprint',
  'payloadBytes',
  'errorBytes',
];

const STARTED: readonly (keyof AttemptRow)[] = ['taskId', 'attempt', 'requestId'];

/** What a transaction reads before it decides. Each is one statement, or none if there is nothing to read. */
export class LockedReads {
  constructor(
    private readonly tables: Tables,
    private readonly dialect: Dialect,
  ) {}

  /**
   * Locks the results with these ids, and returns their states. Rows are locked in the order of their ids, so that two
   * transactions never wait for each other in a circle.
   */
  async lock(transaction: Transaction, ids: ReadonlySet<string>): Promise<ResultState[]> {
    if (ids.size === 0) return [];
    const { results } = this.tables;
    const select = `${results.select(STATE, 'r')} WHERE r.id IN (${placeholders(ids.size)}) ORDER BY r.id`;
    const [rows] = await transaction.send([{ text: `${select} ${this.dialect.lockClause}`, values: [...ids] }]);
    const states = rows as ResultState[];
    results.fromRaw(states, STATE);
    return states;
  }

  /** The attempts that the requests of these starts have started already, of results that are locked. */
  async startedBefore(
    transaction: Transaction,
    commands: readonly Command[],
    locked: readonly ResultState[],
  ): Promise<StartedAttempts> {
    const started = new StartedAttempts();
    const byId = new Map(locked.map((state) => [state.id, state]));
    const starts = commands.filter((command) => command.kind === 'start');
    const asked = starts.filter((command) => mayBeRepeated(command, byId.get(command.id)));
    if (asked.length === 0) return started;
    const { attempts } = this.tables;
    const marks = placeholders(asked.length);
    const text = `${attempts.select(STARTED, 'a')} WHERE a.task_id IN (${marks}) AND a.request_id IN (${marks})`;
    const values = [...asked.map(({ id }) => id), ...asked.map(({ requestId }) => requestId)];
    const [rows] = await transaction.send([{ text, values }]);
    attempts.fromRaw(rows as AttemptRow[], STARTED);
    for (const row of rows as AttemptRow[]) started.add(row);
    return started;
  }

  /** The numbers of transactions that were committed, by those of these tokens that they have taken. */
  async committedWith(transaction: Transaction, tokens: readonly string[]): Promise<Map<string, number>> {
    if (tokens.length === 0) return new Map();
    const text = `SELECT number, token FROM task_transactions WHERE token IN (${placeholders(tokens.length)})`;
    const [rows] = await transaction.send([{ text, values: tokens }]);
    return new Map((rows as TransactionRow[]).map(({ token, number }) => [token, Number(number)]));
  }
}
