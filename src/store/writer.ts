import type { DataSource, EntitySchema, ObjectLiteral, QueryRunner } from 'typeorm';
import type { Command } from '../domain/command';
import { storeUnavailable } from '../domain/errors';
import type { Decision, ResultState, Retention } from '../domain/lifecycle';
import type { Clock } from '../domain/task-result';
import { Batch, type Writes } from './batch';
import type { Dialect } from './dialect';
import { classify, withoutParameters } from './driver-errors';
import { type Entities, type ResultRow, statusNumber } from './entities';
import { pauseBeforeRetry, RETRIES } from './retry';

/** What the rules look at, and the order in which columns are read. */
const STATE: readonly (keyof ResultState)[] = [
  'id',
  'status',
  'revision',
  'attempts',
  'errorCount',
  'workerId',
  'enqueuedAt',
  'startedAt',
  'lastAttemptedAt',
  'finishedAt',
  'leaseExpiresAt',
  'expiresAt',
  'changedAt',
  'createdBy',
  'madeBy',
  'payloadBytes',
  'errorBytes',
];

/** Columns that transitions change. */
const CHANGING: readonly (keyof ResultRow)[] = [
  'status',
  'revision',
  'attempts',
  'errorCount',
  'workerId',
  'startedAt',
  'lastAttemptedAt',
  'finishedAt',
  'leaseExpiresAt',
  'expiresAt',
  'changedAt',
  'madeBy',
  'payloadBytes',
  'errorBytes',
  'returnValueJson',
];

/** A batch whose COMMIT was sent and not answered: it took effect if and only if this entry is in the change log. */
interface InDoubt {
  decisions: Decision[];
  seq: number;
}

/** The write side of the store: one transaction for each batch of commands. */
export class Writer {
  constructor(
    private readonly source: DataSource,
    private readonly entities: Entities,
    private readonly dialect: Dialect,
    private readonly clock: Clock,
    private readonly retention: Retention,
  ) {}

  /** See TaskResultStore.transact. */
  transact(commands: readonly Command[]): Promise<Decision[]> {
    return this.dialect.exclusively(() => this.#untilDecided(commands));
  }

  async #untilDecided(commands: readonly Command[]): Promise<Decision[]> {
    const inDoubt: { value: InDoubt | null } = { value: null };
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#inTransaction(commands, inDoubt);
      } catch (error) {
        const fault = classify(error);
        if (fault === 'unknown') throw withoutParameters(error);
        if (fault === 'unavailable' || attempt > RETRIES) throw storeUnavailable(withoutParameters(error));
        await pauseBeforeRetry(attempt);
      }
    }
  }

  async #inTransaction(commands: readonly Command[], inDoubt: { value: InDoubt | null }): Promise<Decision[]> {
    const runner = this.source.createQueryRunner();
    try {
      await runner.startTransaction(this.dialect.isolation);
      const stored = await this.#lock(runner, commands);
      // The locks are ours, so an earlier try of this batch has come to its end, one way or the other.
      if (inDoubt.value && (await this.#isLogged(runner, inDoubt.value.seq))) {
        await runner.rollbackTransaction();
        return inDoubt.value.decisions;
      }
      const batch = new Batch(stored, this.clock(), this.retention);
      const decisions = commands.map((command) => batch.take(command));
      const seq = await this.#write(runner, batch.writes());
      inDoubt.value = seq === null ? null : { decisions, seq };
      await runner.commitTransaction();
      return decisions;
    } catch (error) {
      await rollBackOrDestroy(runner);
      throw error;
    } finally {
      await runner.release();
    }
  }

  /** In the order of ids, so that two batches never wait for each other in a circle. */
  #lock(runner: QueryRunner, commands: readonly Command[]): Promise<ResultState[]> {
    const ids = [...new Set(commands.map((command) => command.id))];
    const query = runner.manager
      .createQueryBuilder(this.entities.results, 'r')
      .select(STATE.map((property) => `r.${property}`))
      .where('r.id IN (:...ids)', { ids })
      .orderBy('r.id');
    if (this.dialect.locksRows) query.setLock('pessimistic_write');
    return query.getMany();
  }

  async #isLogged(runner: QueryRunner, seq: number): Promise<boolean> {
    return runner.manager.existsBy(this.entities.changes, { seq });
  }

  /** Answers the first `seq` of the batch's entries in the change log; null when it has none. */
  async #write(runner: QueryRunner, writes: Writes): Promise<number | null> {
    const { results, attempts, errors, metadata, changes } = this.entities;
    if (writes.removedIds.length > 0) await this.#remove(runner, writes.removedIds);
    await insert(runner, results, writes.inserts);
    if (writes.updates.length > 0) await this.#update(runner, writes.updates);
    await insert(runner, attempts, writes.attempts);
    await insert(runner, errors, writes.errors);
    await insert(runner, metadata, writes.metadata);
    return insert(runner, changes, writes.changes);
  }

  async #remove(runner: QueryRunner, ids: readonly string[]): Promise<void> {
    for (const child of [this.entities.attempts, this.entities.errors, this.entities.metadata]) {
      await runner.manager.createQueryBuilder().delete().from(child).where('task_id IN (:...ids)', { ids }).execute();
    }
    await runner.manager
      .createQueryBuilder()
      .delete()
      .from(this.entities.results)
      .where('id IN (:...ids)', { ids })
      .execute();
  }

  /** Many rows, each with its own values, in one statement. */
  async #update(runner: QueryRunner, rows: Writes['updates']): Promise<void> {
    const { tablePath, findColumnWithPropertyName } = this.source.getMetadata(this.entities.results);
    const meta = this.source.getMetadata(this.entities.results);
    const columns = CHANGING.map(
      (property) => findColumnWithPropertyName.call(meta, property)?.databaseName ?? property,
    );
    const first = `SELECT ? AS id, ${columns.map((column) => `? AS ${column}`).join(', ')}`;
    const further = ` UNION ALL SELECT ?${', ?'.repeat(columns.length)}`;
    const values = rows.flatMap((row) => [
      this.dialect.bytes(row.id),
      ...CHANGING.map((property) => {
        if (property === 'status') return statusNumber(row.status);
        return row[property as keyof typeof row];
      }),
    ]);
    await runner.query(
      this.dialect.updateFrom(tablePath, 'id', columns, first + further.repeat(rows.length - 1)),
      values,
    );
  }
}

/** Answers the generated key of the first row, where there is one. */
async function insert<Row extends ObjectLiteral>(
  runner: QueryRunner,
  entity: EntitySchema<Row>,
  rows: readonly object[],
): Promise<number | null> {
  if (rows.length === 0) return null;
  const query = runner.manager
    .createQueryBuilder()
    .insert()
    .into(entity)
    .values(rows as Row[])
    .updateEntity(false);
  const { raw } = await query.execute();
  return typeof raw === 'number' ? raw : (raw?.insertId ?? null);
}

/** A connection that may still be inside a transaction must never go back to the pool. */
async function rollBackOrDestroy(runner: QueryRunner): Promise<void> {
  if (!runner.isTransactionActive) return;
  try {
    await runner.rollbackTransaction();
  } catch {
    const connection = await runner.connect().catch(() => null);
    connection?.destroy?.();
  }
}
