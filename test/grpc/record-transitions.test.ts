import { once } from 'node:events';
import { status } from '@grpc/grpc-js';
import {
  RecordTransitionsRequest,
  type RecordTransitionsResponse,
} from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import { callsOf, createRequest, FAILED, failedRequest, SUCCESSFUL, succeededRequest } from '../support/calls';
import { ENGINES, type TemporaryDatabase, temporaryDatabase } from '../support/engines';
import { describeError, describeStatus } from '../support/refusal';
import { serve, startOn, type TestService } from '../support/service';
import { until } from '../support/until';

type Transition = Parameters<typeof RecordTransitionsRequest.fromPartial>[0]['transition'];

const create = (id: string): Transition => ({ $case: 'create', value: createRequest({ id }) });
const start = (id: string, workerId = 'w'): Transition => ({ $case: 'start', value: { id, workerId } });
const succeed = (id: string): Transition => ({ $case: 'finish', value: succeededRequest(id) });

/** A stream, its answers by number, and how it ended. */
class Transitions {
  readonly answers = new Map<number, RecordTransitionsResponse['outcome']>();
  /** In which the answers came. */
  messages = 0;
  readonly stream;
  readonly ended: Promise<number>;
  #number = 0;

  constructor({ writes }: TestService) {
    this.stream = writes.recordTransitions();
    this.stream.on('data', ({ more, ...first }: RecordTransitionsResponse) => {
      this.messages++;
      for (const { number, outcome } of [first, ...more]) this.answers.set(Number(number), outcome);
    });
    this.stream.on('error', () => {});
    this.ended = new Promise((resolve) => this.stream.on('status', ({ code }) => resolve(code)));
  }

  async send(transition: Transition): Promise<number> {
    const number = this.#number++;
    const message = RecordTransitionsRequest.fromPartial({ number: BigInt(number), transition });
    if (!this.stream.write(message)) await Promise.race([once(this.stream, 'drain'), this.ended]);
    return number;
  }

  /** All of them in one message, and `first` before them. */
  sendTogether(transitions: readonly Transition[], first?: Transition): void {
    const number = () => BigInt(this.#number++);
    const before = first ? { number: number(), transition: first } : {};
    const more = transitions.map((transition) => ({ number: number(), transition }));
    this.stream.write(RecordTransitionsRequest.fromPartial({ ...before, more }));
  }

  async end(): Promise<number> {
    this.stream.end();
    return this.ended;
  }

  /** The reason of a refusal, or the revision. */
  outcome(number: number): string | bigint | undefined {
    const outcome = this.answers.get(number);
    return outcome?.$case === 'error' ? describeStatus(outcome.value).reason : outcome?.value.revision;
  }
}

const thousand = (transition: (i: number) => Transition) => Array.from({ length: 1_000 }, (_, i) => transition(i));

describe.each(ENGINES)('RecordTransitions on %s', (engine) => {
  let service: TestService;
  beforeAll(async () => {
    service = await startOn(engine);
  });
  afterAll(() => service?.stop());

  test('takes the calls of one result in their order, without waiting for answers', async () => {
    const transitions = new Transitions(service);
    const numbers = [
      await transitions.send(create('ordered')),
      await transitions.send(start('ordered')),
      await transitions.send(succeed('ordered')),
    ];
    expect(await transitions.end()).toBe(status.OK);
    expect(numbers.map((number) => transitions.outcome(number))).toEqual([1n, 2n, 3n]);
    expect((await callsOf(service).get('ordered')).status).toBe(SUCCESSFUL);
  });

  test('what is bad or refused fails alone, with the reason that the call of the same name gives', async () => {
    const transitions = new Transitions(service);
    const numbers = [];
    for (const transition of [
      create('alone'),
      create(''.padEnd(65, 'x')),
      undefined,
      start('nobody'),
      start('alone'),
      { $case: 'finish', value: failedRequest('alone', 2) } as Transition,
      { $case: 'renew', value: { id: 'alone', attempt: 1, lease: { seconds: 60n, nanos: 0 } } } as Transition,
      succeed('alone'),
      { $case: 'fail', value: { id: 'alone' } } as Transition,
      { $case: 'delete', value: { id: 'alone' } } as Transition,
    ]) {
      numbers.push(await transitions.send(transition));
    }
    expect(await transitions.end()).toBe(status.OK);
    expect(numbers.map((number) => transitions.outcome(number))).toEqual([
      1n,
      'INVALID_FIELD',
      'INVALID_FIELD',
      'TASK_RESULT_DOES_NOT_EXIST',
      2n,
      'ILLEGAL_TRANSITION',
      2n,
      3n,
      'ILLEGAL_TRANSITION',
      0n, // a delete answers its id alone
    ]);
  });

  test('many more messages than may be under way are all answered', async () => {
    const transitions = new Transitions(service);
    const messages = 2_500; // 1,024 may be under way
    for (let n = 0; n < messages; n++) await transitions.send(create(`many-${n}`));
    expect(await transitions.end()).toBe(status.OK);
    expect(transitions.answers.size).toBe(messages);
    expect(new Set([...transitions.answers.keys()].map((number) => transitions.outcome(number)))).toEqual(
      new Set([1n]),
    );
  });

  test('many transitions in one message are taken in their order, and each fails alone', async () => {
    const transitions = new Transitions(service);
    const id = 'together';
    transitions.sendTogether([start(id), start(id, 'rival'), undefined, succeed(id), start('nobody')], create(id));
    expect(await transitions.end()).toBe(status.OK);
    expect([0, 1, 2, 3, 4, 5].map((number) => transitions.outcome(number))).toEqual([
      1n,
      2n,
      'ATTEMPT_IN_PROGRESS',
      'INVALID_FIELD',
      3n,
      'TASK_RESULT_DOES_NOT_EXIST',
    ]);
    expect(transitions.answers.size).toBe(6);
  });

  test('the start that finds the last attempt lost is refused, and the result is FAILED', async () => {
    const transitions = new Transitions(service);
    const id = 'last-lost';
    const request = createRequest({ id, attemptPolicy: { maxAttempts: 1 } });
    const force: Transition = { $case: 'start', value: { id, workerId: 'w2', force: true } };
    transitions.sendTogether([start(id), force, force], { $case: 'create', value: request });
    expect(await transitions.end()).toBe(status.OK);
    const outcomes = [0, 1, 2, 3].map((number) => transitions.outcome(number));
    expect(outcomes).toEqual([1n, 2n, 'ILLEGAL_TRANSITION', 'ILLEGAL_TRANSITION']);
    expect(await callsOf(service).get(id)).toMatchObject({ status: FAILED, revision: 3n, errorCount: 1 });
  });

  test('more transitions in a few messages than may be under way are all answered, many in a message', async () => {
    const transitions = new Transitions(service);
    for (let n = 0; n < 5; n++) transitions.sendTogether(thousand((i) => create(`together-${n}-${i}`)));
    expect(await transitions.end()).toBe(status.OK);
    expect(new Set([...transitions.answers.keys()].map((number) => transitions.outcome(number)))).toEqual(
      new Set([1n]),
    );
    expect(transitions.answers.size).toBe(5_000);
    expect(transitions.messages).toBeLessThan(500);
  });

  test('thousands that are all refused are all answered', async () => {
    const transitions = new Transitions(service);
    for (let n = 0; n < 5; n++) transitions.sendTogether(thousand(() => undefined));
    expect(await transitions.end()).toBe(status.OK);
    expect(transitions.answers.size).toBe(5_000);
    expect(transitions.outcome(4_999)).toBe('INVALID_FIELD');
  });

  test('a message of more than 1,000 ends the stream; what came before is answered', async () => {
    const transitions = new Transitions(service);
    const id = 'before-too-many';
    await transitions.send(create(id));
    transitions.sendTogether([...thousand((i) => create(`too-many-${i}`)), create('too-many')]);
    expect(await transitions.end()).toBe(status.INVALID_ARGUMENT);
    expect([...transitions.answers.keys()]).toEqual([0]);
    expect((await callsOf(service).batchGet(['too-many-0', id])).notFoundIds).toEqual(['too-many-0']);
  });

  test('what is sent together holds no more of its own', async () => {
    const transitions = new Transitions(service);
    const nested = { number: 1n, transition: create('nested'), more: [{ number: 2n, transition: create('deeper') }] };
    transitions.stream.write(RecordTransitionsRequest.fromPartial({ more: [nested] }));
    expect(await transitions.end()).toBe(status.OK);
    expect([...transitions.answers.keys()]).toEqual([1]);
    expect(transitions.outcome(1)).toBe('INVALID_FIELD');
  });

  test('who sends one in a message is answered one in a message', async () => {
    const transitions = new Transitions(service);
    for (let n = 0; n < 20; n++) await transitions.send(create(`single-${n}`));
    expect(await transitions.end()).toBe(status.OK);
    expect([transitions.messages, transitions.answers.size]).toEqual([20, 20]);
  });

  test('a stream that breaks is repeated safely', async () => {
    const broken = new Transitions(service);
    for (let n = 0; n < 500; n++) await broken.send(create(`repeated-${n}`));
    await until(() => broken.answers.size > 0, 'some answers');
    broken.stream.cancel();
    expect(await broken.ended).toBe(status.CANCELLED);
    const again = new Transitions(service);
    for (let n = 0; n < 500; n++) await again.send(create(`repeated-${n}`));
    expect(await again.end()).toBe(status.OK);
    expect(new Set([...again.answers.keys()].map((number) => again.outcome(number)))).toEqual(new Set([1n]));
  });
});

describe('a stopping server', () => {
  let temporary: TemporaryDatabase;
  let service: TestService;
  let transitions: Transitions;
  let failed: Promise<unknown>;
  beforeEach(async () => {
    temporary = await temporaryDatabase('sqlite');
    service = await serve(temporary.database);
    transitions = new Transitions(service);
    failed = new Promise((resolve) =>
      transitions.stream.on('error', (error) => resolve(describeError(error as never))),
    );
  });
  afterEach(async () => {
    await service?.stop();
    await temporary?.drop();
  });

  /** Stops as soon as so many are answered. */
  const stopAfter = async (answers: number) => {
    await new Promise<void>((resolve) => {
      transitions.stream.on('data', () => {
        if (transitions.answers.size >= answers) resolve();
      });
    });
    await service.stop();
    expect(await failed).toMatchObject({ code: 'UNAVAILABLE', reason: 'SHUTTING_DOWN' });
    const next = await serve(temporary.database);
    const stored: string[] = [];
    for (let pageToken: string | undefined = ''; pageToken !== undefined; ) {
      const page = await callsOf(next).list({ pageSize: 1_000, pageToken });
      stored.push(...page.taskResults.map(({ id }) => id));
      pageToken = page.nextPageToken || undefined;
    }
    await next.stop();
    expect(stored.length).toBe(transitions.answers.size);
  };

  test('answers what is under way, and ends the stream with SHUTTING_DOWN', async () => {
    for (let n = 0; n < 200; n++) await transitions.send(create(`under-way-${n}`));
    await stopAfter(1);
  });

  test('does so though the caller has ended its side, when not all of it was taken', async () => {
    for (let n = 0; n < 3; n++) transitions.sendTogether(thousand((i) => create(`left-${n}-${i}`)));
    transitions.stream.end();
    // All has been read by then, and 1,024 of the rest taken.
    await stopAfter(1_024);
    expect(transitions.answers.size).toBeLessThan(3_000);
  });
});
