import type { Outline } from '../domain/store';
import type { Micros, TaskError, TaskResult, View } from '../domain/task-result';
import { OUTLINE } from './outline';
import type { ReadAccess } from './read-access';
import type { AttemptRow, ErrorRow, MetadataRow, ResultRow } from './rows';
import { placeholders } from './statement';
import type { Table } from './table';
import type { Tables } from './tables';

/** A row of `task_results`, and single values of other tables that belong to it. */
interface WholeRow extends ResultRow {
  /** The worker of the newest attempt. */
  workerId: string | null;
  /** Only in the view FULL. */
  returnValueJson?: string | null;
}

const BASIC: readonly (keyof ResultRow)[] = [
  'id',
  'taskPath',
  'priority',
  'queueName',
  'runAfter',
  'takesContext',
  'backend',
  'status',
  'incarnation',
  'revision',
  'attempts',
  'maxAttempts',
  'errorCount',
  'metadataCount',
  'enqueuedAt',
  'startedAt',
  'lastAttemptedAt',
  'finishedAt',
  'expiresAt',
];
const FULL: readonly (keyof ResultRow)[] = [...BASIC, 'argsJson', 'kwargsJson'];
const ERROR: readonly (keyof ErrorRow)[] = [
  'taskId',
  'ordinal',
  'attempt',
  'raisedAt',
  'exceptionClassPath',
  'message',
];

const WORKER: readonly (keyof AttemptRow)[] = ['taskId', 'attempt', 'workerId'];
/** Of a result's errors, for the view BASIC. */
const NEWEST_ERROR = 'AND h.ordinal = r.error_count';

const NEWEST_WORKER = ['workerId'] as const;
const RETURN_VALUE = ['returnValueJson'] as const;
const AS_OF: readonly (keyof ResultRow)[] = ['incarnation', 'errorCount'];
const LABEL: readonly (keyof MetadataRow)[] = ['taskId', 'name', 'value'];

/** A row of the history of a result, with what the row of the result said when it was read. */
type HistoryRow<Row> = Row & { incarnation: number; errorCount: number };

/** A result that changed too much while it was read is read again. If that never ends, data are broken. */
const MAX_ROUNDS = 100;

/** Reads results by id. */
export class Reader {
  constructor(
    private readonly access: ReadAccess,
    private readonly tables: Tables,
  ) {}

  /** See TaskResultStore.read. */
  read(ids: readonly string[], view: View, maxBytes?: number): Promise<TaskResult[]> {
    if (ids.length === 0) return Promise.resolve([]);
    return this.access.run(() => this.#readWhole([...ids], view, maxBytes));
  }

  /** See TaskResultStore.outline. */
  outline(ids: readonly string[]): Promise<Outline[]> {
    if (ids.length === 0) return Promise.resolve([]);
    const text = `${this.tables.results.select(OUTLINE, 'r')} WHERE r.id IN (${placeholders(ids.length)})`;
    return this.access.run(() =>
      this.access.select(this.tables.results, OUTLINE, { text, values: ids, prepared: ids.length === 1 }),
    );
  }

  /** See TaskResultStore.expired. */
  expired(now: Micros, limit: number): Promise<Outline[]> {
    const text = `${this.tables.results.select(OUTLINE, 'r')} WHERE r.expires_at BETWEEN 1 AND ? LIMIT ?`;
    return this.access.run(() => this.access.select(this.tables.results, OUTLINE, { text, values: [now, limit] }));
  }

  async #byId(ids: readonly string[], view: View, maxBytes?: number): Promise<WholeRow[]> {
    const { results, attempts, returnValues } = this.tables;
    const properties = view === 'FULL' ? FULL : BASIC;
    const columns = [results.columns(properties, 'r'), attempts.columns(NEWEST_WORKER, 'a')];
    const joins = [`LEFT JOIN ${attempts.name} a ON a.task_id = r.id AND a.attempt = r.attempts`];
    if (view === 'FULL') {
      columns.push(returnValues.columns(RETURN_VALUE, 'v'));
      joins.push(`LEFT JOIN ${returnValues.name} v ON v.task_id = r.id`);
    }
    const select = `SELECT ${columns.join(', ')} FROM ${results.name} r ${joins.join(' ')}`;
    const conditions = [`r.id IN (${placeholders(ids.length)})`];
    const values: unknown[] = [...ids];
    if (maxBytes !== undefined) {
      conditions.push(`${view === 'FULL' ? 'r.payload_bytes + ' : ''}r.error_bytes <= ?`);
      values.push(maxBytes);
    }
    const text = `${select} WHERE ${conditions.join(' AND ')}`;
    const statement = { text, values, prepared: ids.length === 1 };
    const rows = (await this.access.selectRaw(statement)) as WholeRow[];
    results.fromRaw(rows, properties);
    attempts.fromRaw(rows as { workerId: string }[], NEWEST_WORKER);
    return rows;
  }

  /**
   * A result and its history come from several statements. The row says how long its history was: what is beyond that
   * is left out, so that all is as it was at one moment. If there is less, the result was deleted in between, and
   * perhaps created again (the history of another incarnation counts as none), or a later error has taken the place of
   * older ones. Such ids are read again.
   */
  async #readWhole(ids: string[], view: View, maxBytes?: number): Promise<TaskResult[]> {
    const results: TaskResult[] = [];
    for (let pending = ids, rounds = 0; pending.length > 0; rounds++) {
      if (rounds === MAX_ROUNDS) throw new Error('the history of a result does not fit its row');
      const rows = await this.#byId(pending, view, maxBytes);
      // The newest attempt is mostly the only one, and its worker is in the row.
      const workers = await this.#history(
        this.tables.attempts,
        WORKER,
        rows.filter((row) => row.attempts > 1),
      );
      const errors = await this.#history(
        this.tables.errors,
        view === 'FULL' ? [...ERROR, 'traceback'] : ERROR,
        rows.filter((row) => row.errorCount > 0),
        view === 'FULL' ? '' : NEWEST_ERROR,
      );
      const labels = await this.#history(
        this.tables.metadata,
        LABEL,
        rows.filter((row) => row.metadataCount > 0),
      );
      pending = [];
      for (const row of rows) {
        const names = labels.get(row.id) ?? [];
        const workerIds =
          row.attempts === 1
            ? [row.workerId ?? '']
            : (workers.get(row.id) ?? []).slice(0, row.attempts).map(({ workerId }) => workerId);
        const ofRow = (errors.get(row.id) ?? []).filter(({ ordinal }) => ordinal <= row.errorCount);
        const history = {
          workerIds,
          errors: ofRow.map((error) => asError(error, workerIds)),
          metadata: Object.fromEntries(names.map(({ name, value }) => [name, value])),
        };
        const whole =
          workerIds.length === row.attempts && hasErrorsOf(row, ofRow) && names.length === row.metadataCount;
        if (whole) results.push(asResult(row, history));
        else pending.push(row.id);
      }
    }
    return results;
  }

  /**
   * Rows that belong to these results, incarnations included, by id, in the order of the second of `properties`. A
   * further `condition` may name the row `h` and its result `r`.
   */
  async #history<Row extends { taskId: string }>(
    table: Table<Row>,
    properties: readonly ('taskId' | (keyof Row & string))[],
    results: readonly ResultRow[],
    condition = '',
  ): Promise<Map<string, HistoryRow<Row>[]>> {
    const byId = new Map<string, HistoryRow<Row>[]>();
    if (results.length === 0) return byId;
    const incarnations = new Map(results.map((row) => [row.id, row.incarnation]));
    const rows = (await this.access.select(table, properties, {
      text:
        `SELECT ${table.columns(properties, 'h')}, ${this.tables.results.columns(AS_OF, 'r')} FROM ${table.name} h` +
        ` JOIN ${this.tables.results.name} r ON r.id = h.task_id` +
        ` WHERE h.task_id IN (${placeholders(results.length)}) ${condition} ORDER BY h.task_id, 2`,
      values: [...incarnations.keys()],
    })) as HistoryRow<Row>[];
    for (const row of rows) {
      if (Number(row.incarnation) !== incarnations.get(row.taskId)) continue;
      const ofTask = byId.get(row.taskId);
      if (ofTask) ofTask.push(row);
      else byId.set(row.taskId, [row]);
    }
    return byId;
  }
}

/** Whether these are the errors that the result had when its row was read, except for those dropped by then. */
function hasErrorsOf({ errorCount }: ResultRow, errors: readonly HistoryRow<ErrorRow>[]): boolean {
  if (errorCount === 0) return true;
  const [oldest, newest] = [errors[0], errors.at(-1)];
  return newest?.ordinal === errorCount && (oldest?.ordinal === 1 || oldest?.errorCount === errorCount);
}

function asError(row: ErrorRow, workerIds: readonly string[]): TaskError {
  const { exceptionClassPath, message, traceback, attempt, raisedAt } = row;
  const workerId = workerIds[attempt - 1] ?? '';
  return { exceptionClassPath, message, traceback: traceback ?? '', attempt, workerId, raisedAt };
}

function asResult(row: WholeRow, history: Pick<TaskResult, 'errors' | 'workerIds' | 'metadata'>): TaskResult {
  const { taskPath: path, priority, queueName, runAfter, takesContext } = row;
  return {
    id: row.id,
    task: { path, priority, queueName, runAfter, takesContext },
    status: row.status,
    enqueuedAt: row.enqueuedAt,
    startedAt: row.startedAt,
    lastAttemptedAt: row.lastAttemptedAt,
    finishedAt: row.finishedAt,
    argsJson: row.argsJson ?? '',
    kwargsJson: row.kwargsJson ?? '',
    backend: row.backend,
    maxAttempts: row.maxAttempts,
    attempts: row.attempts,
    errorCount: row.errorCount,
    returnValueJson: row.returnValueJson ?? null,
    incarnation: row.incarnation,
    revision: row.revision,
    expiresAt: row.expiresAt,
    ...history,
  };
}
