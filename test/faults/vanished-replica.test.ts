import type { TaskResultStore } from '../../src/domain/store';
import { openStore } from '../../src/store/open';
import { create, start } from '../support/commands';
import { outcomes } from '../support/decisions';
import { type TemporaryDatabase, temporaryMysql, testMysqlUrl } from '../support/engines';
import { fresh } from '../support/fresh';
import { Link } from '../support/link';
import { until } from '../support/until';

/** By the server's own settings, a session without a client keeps its locks for eight hours. */
const SOON_MS = 20_000;

const COMMIT = Buffer.from('COMMIT');

/** What the server still gets of the packet with the COMMIT. */
const ARRIVES: Record<string, (packet: Buffer) => Buffer> = {
  nothing: () => Buffer.alloc(0),
  'one half': (packet) => packet.subarray(0, packet.length / 2),
};

let temporary: TemporaryDatabase;
let link: Link;
let store: TaskResultStore;

beforeAll(async () => {
  const server = testMysqlUrl();
  temporary = await temporaryMysql(server);
  store = await open(url());
});
beforeEach(async () => {
  link = await Link.to(Number(new URL(url()).port));
});
afterEach(() => link?.close());
afterAll(async () => {
  await store?.close();
  await temporary?.drop();
});

function url(): string {
  if (temporary.database.engine !== 'mysql') throw new Error('no MySQL');
  return temporary.database.url;
}

function open(at: string): Promise<TaskResultStore> {
  const clock = () => Date.now() * 1_000;
  return openStore(
    { engine: 'mysql', url: at, poolSize: 5 },
    { clock, retention: { afterFinish: null }, whenOutdated: 'migrate' },
  );
}

function openThroughLink(): Promise<TaskResultStore> {
  const linked = new URL(url());
  linked.hostname = '127.0.0.1';
  linked.port = String(link.port);
  return open(linked.href);
}

test.each(Object.keys(ARRIVES))(
  'the locks of a replica that lost its power are given to others soon, when %s of its COMMIT arrives',
  async (what) => {
    const id = fresh();
    await store.transact([create(id)]);
    const vanishing = await openThroughLink();
    let vanishedAt = 0;
    link.rewrite = (bytes) => {
      if (!bytes.subarray(-COMMIT.length).equals(COMMIT)) return bytes;
      vanishedAt = performance.now();
      link.stallOpen();
      link.stall();
      return (ARRIVES[what] as (packet: Buffer) => Buffer)(bytes);
    };
    const lost = vanishing.transact([start(id)]).catch((error: unknown) => error);
    await until(() => vanishedAt > 0, 'it has locked the row');
    await vanishing.close();

    // It locks one row: others are nobody's concern.
    expect(outcomes(await store.transact([create(fresh())]))).toEqual(['changed']);
    await until(
      () =>
        store.transact([start(id)]).then(
          (decisions) => outcomes(decisions)[0] === 'changed',
          () => false,
        ),
      'the row can be written',
      SOON_MS,
    );
    expect(performance.now() - vanishedAt).toBeLessThan(SOON_MS);
    expect(await lost).toMatchObject({ reason: 'STORE_UNAVAILABLE' });
    expect(await store.outline([id])).toMatchObject([{ id, revision: 2 }]);
  },
);

test('a replica whose link dies at its COMMIT decides again, once the locks are free', async () => {
  const id = fresh();
  await store.transact([create(id)]);
  const cutOff = await openThroughLink();
  let diedAt = 0;
  link.rewrite = (bytes) => {
    if (diedAt > 0 || !bytes.subarray(-COMMIT.length).equals(COMMIT)) return bytes;
    diedAt = performance.now();
    link.stallOpen();
    return Buffer.alloc(0);
  };
  try {
    const started = () =>
      cutOff.transact([start(id, 'w1', { requestId: 'once' })]).then(
        (decided) => outcomes(decided)[0] !== 'locked',
        () => false,
      );
    await until(started, 'the attempt is started', SOON_MS);
    expect(performance.now() - diedAt).toBeLessThan(SOON_MS);
    expect(await store.outline([id])).toMatchObject([{ id, revision: 2 }]);
  } finally {
    await cutOff.close();
  }
});
