import {
  type FinishAttemptRequest,
  RecordTransitionsRequest,
  type RecordTransitionsResponse,
  StartAttemptRequest,
} from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import { type Calls, callsOf, createRequest, failedRequest, succeededRequest } from '../support/calls';
import { ENGINES } from '../support/engines';
import { fresh } from '../support/fresh';
import { startOn, type TestService } from '../support/service';

/** Everything that a bulk writer reports of one attempt, in the order in which it sends it. */
interface Report {
  id: string;
  start: StartAttemptRequest;
  finish: FinishAttemptRequest;
}

function reportOf(finish: (id: string) => FinishAttemptRequest): Report {
  const id = fresh('report');
  const start = StartAttemptRequest.fromPartial({ id, workerId: 'w1', requestId: `delivery of ${id}` });
  return { id, start, finish: finish(id) };
}

const FINISHES: [string, (id: string) => FinishAttemptRequest][] = [
  ['succeeded', (id) => succeededRequest(id, 1, '42')],
  ['failed', (id) => failedRequest(id)],
  ['failed, to be tried again', (id) => failedRequest(id, 1, true)],
];

describe.each(ENGINES)('on %s, a report that is sent again as a whole after its answers were lost', (engine) => {
  let service: TestService;
  let calls: Calls;
  beforeAll(async () => {
    service = await startOn(engine);
    calls = callsOf(service);
  });
  afterAll(() => service?.stop());

  /** Sends the first `steps` of it one by one, and returns the revisions that were answered. */
  const inCalls = async ({ id, start, finish }: Report, steps: number) => {
    const all = [() => calls.create(id), () => calls.start(id, 'w1', start), () => calls.finish(finish)];
    const answers: (bigint | undefined)[] = [];
    for (const send of all.slice(0, steps)) answers.push((await send()).state?.revision);
    return answers;
  };

  /** The same in one message of a stream. */
  const inOneMessage = async ({ id, start, finish }: Report, steps: number) => {
    const all = [
      { $case: 'create' as const, value: createRequest({ id }) },
      { $case: 'start' as const, value: start },
      { $case: 'finish' as const, value: finish },
    ];
    const stream = service.writes.recordTransitions();
    const answers: (bigint | undefined)[] = [];
    stream.on('data', ({ more, ...first }: RecordTransitionsResponse) => {
      for (const { number, outcome } of [first, ...more]) {
        answers[Number(number)] = outcome?.$case === 'state' ? outcome.value.revision : undefined;
      }
    });
    const more = all.slice(0, steps).map((transition, number) => ({ number: BigInt(number), transition }));
    stream.end(RecordTransitionsRequest.fromPartial({ more }));
    await new Promise((resolve, reject) => stream.on('end', resolve).on('error', reject));
    return answers;
  };

  describe.each([
    ['in calls', inCalls],
    ['in one message', inOneMessage],
  ])('%s', (_how, send) => {
    test.each(FINISHES.flatMap(([how, finish]) => [0, 1, 2, 3].map((done) => [how, done, finish] as const)))(
      '%s, when %i of its three steps were done: all is answered OK, and done once',
      async (_how, done, finish) => {
        const report = reportOf(finish);
        expect(await send(report, done)).toEqual([1n, 2n, 3n].slice(0, done));
        // A repetition gets the state as it is.
        expect(await send(report, 3)).toEqual(
          [1n, 2n, 3n].map((revision) => (revision < done ? BigInt(done) : revision)),
        );
        const result = await calls.get(report.id);
        expect([result.revision, result.workerIds]).toEqual([3n, ['w1']]);
        expect(result.errors.length).toBe(report.finish.outcome?.$case === 'failed' ? 1 : 0);
      },
    );
  });
});
