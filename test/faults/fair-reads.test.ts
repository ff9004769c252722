import { ListTaskResultsRequest } from '@taskresults/protocol/taskresults/v1/task_result_service';
import { callsOf } from '../support/calls';
import { ENGINES } from '../support/engines';
import { connectTo, startOn, type TestService } from '../support/service';
import { until } from '../support/until';
import { openWatch } from '../support/watching';

const RESULTS = 300;
const CLIENTS = 30;
const GETS = 40;
const FLOOD = 1_000;

/** Answers to others that may come, of the many that wait, between the question and the answer of one. */
const FEW = CLIENTS / 2;

describe.each(ENGINES)('while thirty clients ask for many results, on %s', (engine) => {
  let service: TestService;
  beforeAll(async () => {
    service = await startOn(engine, { cacheBytes: 0 });
    const { create } = callsOf(service);
    const argsJson = JSON.stringify(['x'.repeat(1_000)]);
    await Promise.all(Array.from({ length: RESULTS }, (_, i) => create(`r${i}`, { argsJson })));
  });
  afterAll(() => service?.stop());

  /** Runs `flood` for each of many clients, over and over; `work` is told how many have been answered so far. */
  async function whileFlooded(
    flood: (client: ReturnType<typeof connectTo>) => Promise<unknown>,
    work: (answered: () => number) => Promise<void>,
  ): Promise<void> {
    const clients = Array.from({ length: CLIENTS }, () => connectTo(service.address));
    let answered = 0;
    let isOver = false;
    const loops = clients.map(async (client) => {
      while (!isOver) {
        await flood(client);
        answered++;
      }
    });
    try {
      await until(() => answered > CLIENTS, 'the flood has come');
      await work(() => answered);
    } finally {
      isOver = true;
      await Promise.all(loops);
      for (const client of clients) client.close();
    }
  }

  /** How many answers others got during a Get, in the median. */
  async function othersDuringAGet(answered: () => number): Promise<number> {
    const others: number[] = [];
    for (let n = 0; n < GETS; n++) {
      const before = answered();
      await callsOf(service).get(`r${n}`);
      others.push(answered() - before);
    }
    return others.sort((a, b) => a - b)[GETS / 2] as number;
  }

  test('a Get waits for few of their lists', async () => {
    await whileFlooded(
      (client) => callsOf(client).list({ pageSize: RESULTS }),
      async (answered) => expect(await othersDuringAGet(answered)).toBeLessThan(FEW),
    );
  });

  test('a Get waits for few of their watches by filter', async () => {
    const open = async (client: ReturnType<typeof connectTo>) => {
      const { stream, events, ended } = openWatch(client.reads, { target: { $case: 'filter', value: {} } });
      await until(() => events.length >= RESULTS, 'the watch has begun');
      stream.cancel();
      await ended;
    };
    await whileFlooded(open, async (answered) => expect(await othersDuringAGet(answered)).toBeLessThan(FEW));
  });

  test("a list does not wait for another's thousand, and what is cancelled is not read", async () => {
    const another = connectTo(service.address);
    const request = ListTaskResultsRequest.fromPartial({ pageSize: RESULTS });
    let answered = 0;
    let over = 0;
    const lists = Array.from({ length: FLOOD }, () =>
      another.reads.listTaskResults(request, (error) => {
        over++;
        if (!error) answered++;
      }),
    );
    await until(() => answered > 0, 'they are being answered');
    const before = answered;
    await callsOf(service).list({ pageSize: RESULTS });
    expect(answered - before).toBeLessThan(FLOOD / 2);

    for (const list of lists) list.cancel();
    await until(() => over === FLOOD, 'all are over');
    expect(answered).toBeLessThan(FLOOD);
    // The connection that has given them up waits for none of them either.
    await callsOf(another).list({ pageSize: RESULTS });
    another.close();
  });
});
