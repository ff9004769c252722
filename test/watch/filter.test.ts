import {
  DeleteTaskResultRequest,
  StartAttemptRequest,
} from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import { TaskResultStatus } from '@taskresults/protocol/taskresults/v1/task_result';
import type { TaskResultFilter } from '@taskresults/protocol/taskresults/v1/task_result_service';
import { FULL, succeededRequest } from '../support/calls';
import { ENGINES } from '../support/engines';
import { inParallel } from '../support/in-parallel';
import { call, startOn, type TestService } from '../support/service';
import { until } from '../support/until';
import { brief, type OpenWatch, openWatch } from '../support/watching';
import { TestWorker } from '../support/worker';

describe.each(ENGINES)('a watch by filter on %s', (engine) => {
  let service: TestService;
  let worker: TestWorker;
  let watches: OpenWatch[] = [];

  beforeAll(async () => {
    service = await startOn(engine);
    worker = new TestWorker([service.address], 'worker-1');
  });
  afterEach(() => {
    for (const { stream } of watches) stream.cancel();
    watches = [];
  });
  afterAll(async () => {
    worker.close();
    await service.stop();
  });

  function watch(filter: Partial<TaskResultFilter>): { seen: () => string[]; last: () => string | undefined } {
    const opened = openWatch(service.reads, { target: { $case: 'filter', value: filter }, view: FULL });
    watches.push(opened);
    const snapshots = () => opened.events.flatMap((event) => (event.$case === 'snapshot' ? [event.value] : []));
    return { seen: () => opened.events.map(brief), last: () => snapshots().at(-1)?.argsJson };
  }

  async function start(id: string, workerId: string): Promise<void> {
    await call((done) => service.writes.startAttempt(StartAttemptRequest.fromPartial({ id, workerId }), done));
  }

  async function succeed(id: string): Promise<void> {
    await call((done) => service.writes.finishAttempt(succeededRequest(id), done));
  }

  test('sends what matches now, then what comes to match, changes, stops to match, or is deleted', async () => {
    const path = 'filter.lifecycle';
    await worker.create('present', { path });
    const running = watch({ taskPath: path, statuses: [TaskResultStatus.TASK_RESULT_STATUS_RUNNING] });
    const all = watch({ taskPath: path });
    await until(() => all.seen().length === 1, 'the present match');
    expect(all.seen()).toEqual(['snapshot present@1']);

    await worker.create('later', { path });
    await worker.create('elsewhere', { path: 'filter.other' });
    await until(() => all.seen().length === 2, 'a new match');
    await start('present', 'worker-1');
    await until(() => running.seen().length === 1, 'it runs'); // a watch may skip what lasts moments
    await succeed('present');
    await until(() => all.seen().includes('snapshot present@3'), 'a change');
    await until(() => running.seen().length === 2, 'it runs no more');
    expect(running.seen()).toEqual(['snapshot present@2', 'unmatched present@3']);

    await call((done) => service.writes.deleteTaskResult(DeleteTaskResultRequest.fromPartial({ id: 'present' }), done));
    await until(() => all.seen().includes('deleted present'), 'the deletion');
    expect(all.seen().filter((event) => event.includes('elsewhere'))).toEqual([]);
    expect(running.seen()).toHaveLength(2); // what it does not hold is not its business
  });

  test('a result created anew is told, though its revision is the one that was sent', async () => {
    const path = 'filter.anew';
    await worker.create('anew', { path, argsJson: '[1]' });
    const { seen, last } = watch({ taskPath: path });
    await until(() => seen().length === 1, 'the first one');
    await call((done) => service.writes.deleteTaskResult(DeleteTaskResultRequest.fromPartial({ id: 'anew' }), done));
    await worker.create('anew', { path, argsJson: '[2]' });
    await until(() => last() === '[2]', 'the new one');
    expect(seen()).toEqual(['snapshot anew@1', 'deleted anew', 'snapshot anew@1']);
  });

  test.each<[string, Partial<TaskResultFilter>]>([
    ['queue', { queueName: 'filter-queue' }],
    ['backend', { backend: 'filter-backend' }],
    ['metadata', { metadata: new Map([['team', 'filter']]) }],
  ])('by %s', async (what, filter) => {
    const id = `by-${what}`;
    const { seen } = watch(filter);
    await worker.create(`not-${id}`);
    await worker.create(id, { queueName: 'filter-queue', backend: 'filter-backend', metadata: { team: 'filter' } });
    await until(() => seen().includes(`snapshot ${id}@1`), 'the match');
    expect(seen().some((event) => event.includes('not-'))).toBe(false);
  });

  test('by worker: a result comes to match when the worker takes it', async () => {
    await worker.create('by-worker');
    const { seen } = watch({ workerId: 'worker-filter' });
    await start('by-worker', 'worker-filter');
    await until(() => seen().length > 0, 'the match');
    expect(seen()).toEqual(['snapshot by-worker@2']);
  });

  test('sends more present matches than fit in one page', async () => {
    const ids = Array.from({ length: 1_200 }, (_, i) => `many-${i}`);
    await inParallel(ids, (id) => worker.create(id, { path: 'filter.many' }));
    const { seen } = watch({ taskPath: 'filter.many' });
    await until(() => seen().length >= ids.length, 'all of them');
    expect(new Set(seen())).toEqual(new Set(ids.map((id) => `snapshot ${id}@1`)));
    expect(seen()).toHaveLength(ids.length);
  });
});
