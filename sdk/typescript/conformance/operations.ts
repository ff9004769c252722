import { setTimeout as delay } from 'node:timers/promises';
import {
  type ErrorReport,
  losslessJson,
  type NewTask,
  PreciseDate,
  type RunContext,
  type TaskResult,
  type TaskResultFilter,
  type TaskResults,
  type TaskResultVersion,
  type TaskResultView,
  type TaskState,
} from '@taskresults/client';
import { describeHandle } from './handle';
import { WatchLog } from './watch-log';

/** The members of a request, as the protocol names them. */
interface Members {
  id: string;
  ids: string[];
  path: string;
  worker_id: string;
  attempt: number;
  request_id?: string;
  held?: true;
  incarnation?: number;
  revision?: number;
  priority?: number;
  queue_name?: string;
  run_after?: string;
  takes_context?: boolean;
  args_json?: string;
  kwargs_json?: string;
  value_json: string;
  backend?: string;
  metadata?: Record<string, string>;
  max_attempts?: number;
  statuses?: TaskResultFilter['statuses'];
  view?: TaskResultView;
  page_size?: number;
  lease_ms?: number;
  timeout_ms?: number;
  for_ms?: number;
  force?: boolean;
  retry?: boolean | 'raises';
  allow_missing?: boolean;
  bytes: number;
  what: 'nan' | 'infinity';
  until: number | 'finished' | 'ended';
  error: { exception_class_path: string; message: string; traceback: string };
  returns_json?: string;
  returns_bytes?: number;
  returns_nan?: boolean;
  raises?: string;
  raises_bytes?: number;
}

/** One method for each operation of the protocol, under its name. */
export class Operations {
  readonly #handles = new Map<string, TaskResult>();
  readonly #watches = new Map<string, WatchLog>();
  /** The incarnation that the last start of an id has returned. */
  readonly #held = new Map<string, number>();

  constructor(private readonly client: TaskResults) {}

  perform(op: string, members: object): Promise<unknown> {
    const operation = this.#operations[op];
    if (!operation) throw new Error(`unknown operation ${op}`);
    return operation(members as Members);
  }

  readonly #operations: Readonly<Record<string, (members: Members) => Promise<unknown>>> = {
    create: async (members) => this.#remember(await this.client.create(newTask(members))),
    create_unencodable: ({ what }) =>
      this.client.create({
        path: 'app.tasks.unencodable',
        args: [what === 'nan' ? Number.NaN : Number.POSITIVE_INFINITY],
      }),
    get: async ({ id, path, view }) => this.#remember(await this.client.get(id, { path, view })),
    get_many: async ({ ids }) => {
      const { found, missing } = await this.client.getMany(ids);
      return { found: found.map(describeHandle), missing };
    },
    list: async (members) => {
      const ids: string[] = [];
      const options = { pageSize: members.page_size };
      for await (const { id } of this.client.list(filterOf(members), options)) ids.push(id);
      return { ids };
    },
    dump: async ({ id }) => describeHandle(this.#remembered(id)),
    refresh: async ({ id }) => describeHandle(await this.#remembered(id).refresh()),
    start: async ({ id, worker_id, lease_ms, force, request_id }) => {
      const options = { leaseMs: lease_ms, force, requestId: request_id };
      const started = await this.client.startAttempt(id, worker_id, options);
      this.#held.set(id, started.incarnation);
      return { attempt: started.attempt, ...describeState(started) };
    },
    renew: async ({ id, attempt, lease_ms, held }) =>
      describeState(await this.client.renewLease(id, attempt, lease_ms as number, this.#fence(id, held))),
    succeed: async ({ id, attempt, value_json, held }) =>
      describeState(await this.client.succeed(id, attempt, losslessJson.parse(value_json), this.#fence(id, held))),
    succeed_large: async ({ id, attempt, bytes }) =>
      describeState(await this.client.succeed(id, attempt, 'x'.repeat(bytes))),
    fail: async ({ id, attempt, error, retry, held }) =>
      describeState(
        await this.client.fail(id, attempt, reportOf(error), { retry: retry === true, ...this.#fence(id, held) }),
      ),
    fail_task: async ({ id, error }) => describeState(await this.client.failTask(id, error && reportOf(error))),
    delete: ({ id, allow_missing, ...version }) =>
      this.client.delete(id, { version: versionOf(version), allowMissing: allow_missing }),
    wait: async ({ id, timeout_ms }) => this.#remember(await this.client.wait(id, { timeoutMs: timeout_ms })),
    watch: async ({ id }) => {
      this.#watches.set(id, new WatchLog(this.client.watch(id)));
    },
    watched: async ({ id, until }) => this.#watches.get(id)?.seen(until),
    run: async (members) => {
      const { worker_id, lease_ms, retry } = members;
      const work = (context: RunContext) => workOf(members, context);
      const options = { leaseMs: lease_ms, retry: retry === 'raises' ? brokenPredicate : () => retry === true };
      return this.#remember(await this.client.run(newTask(members), worker_id, work, options));
    },
  };

  #fence(id: string, held?: true): { incarnation?: number } {
    return { incarnation: held && this.#held.get(id) };
  }

  #remember(handle: TaskResult): object {
    this.#handles.set(handle.id, handle);
    return describeHandle(handle);
  }

  #remembered(id: string): TaskResult {
    const handle = this.#handles.get(id);
    if (!handle) throw new Error(`no handle of ${id} is remembered`);
    return handle;
  }
}

function brokenPredicate(): never {
  throw new Error('the predicate is broken');
}

async function workOf(members: Members, { signal }: RunContext): Promise<unknown> {
  if (members.for_ms) await delay(members.for_ms, undefined, { signal });
  if (members.raises !== undefined) throw new Error(members.raises);
  if (members.raises_bytes !== undefined) throw new Error('x'.repeat(members.raises_bytes));
  if (members.returns_bytes !== undefined) return 'x'.repeat(members.returns_bytes);
  if (members.returns_nan) return Number.NaN;
  return losslessJson.parse(members.returns_json ?? 'null');
}

function newTask(members: Members): NewTask {
  const { path, id, priority, queue_name, run_after, takes_context, args_json, kwargs_json, backend, metadata } =
    members;
  return {
    maxAttempts: members.max_attempts,
    path,
    id,
    priority,
    queueName: queue_name,
    runAfter: run_after === undefined ? undefined : PreciseDate.fromISOString(run_after),
    takesContext: takes_context,
    args: args_json === undefined ? undefined : (losslessJson.parse(args_json) as unknown[]),
    kwargs: kwargs_json === undefined ? undefined : (losslessJson.parse(kwargs_json) as Record<string, unknown>),
    backend,
    metadata,
  };
}

function filterOf({ path, statuses, queue_name, backend, worker_id, metadata }: Members): TaskResultFilter {
  return { path, statuses, queueName: queue_name, backend, workerId: worker_id, metadata };
}

function reportOf({ exception_class_path, message, traceback }: Members['error']): ErrorReport {
  return { exceptionClassPath: exception_class_path, message, traceback };
}

/** The version that is meant, when one is. */
function versionOf({
  incarnation,
  revision,
}: Pick<Members, 'incarnation' | 'revision'>): TaskResultVersion | undefined {
  if (incarnation === undefined && revision === undefined) return undefined;
  return { incarnation: incarnation ?? 0, revision: revision ?? 0 };
}

function describeState({ status, incarnation, revision }: TaskState): object {
  return { status, incarnation, revision };
}
