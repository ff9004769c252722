import { connect, createServer, type Server, type Socket } from 'node:net';
import type { TaskResultStore } from '../../src/domain/store';
import { SERVER_SILENCE_S } from '../../src/store/mysql/bounds';
import { openStore } from '../../src/store/open';
import { type TemporaryDatabase, temporaryDatabase } from '../support/engines';
import { until } from '../support/until';

const POOL_SIZE = 5;

/** COM_PING, and an OK to it. */
const PING = Buffer.from([1, 0, 0, 0, 14]);
const OK = Buffer.from([7, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0]);

let temporary: TemporaryDatabase;
let proxy: Server;
let store: TaskResultStore;
const open = new Set<Socket>();
let closed = 0;

beforeAll(async () => {
  temporary = await temporaryDatabase('mysql');
  if (temporary.database.engine !== 'mysql') throw new Error('no MySQL');
  const url = new URL(temporary.database.url);
  const target = Number(url.port);
  proxy = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    open.add(near);
    near.on('data', (bytes: Buffer) => (bytes.equals(PING) ? near.write(OK) : far.write(bytes)));
    far.on('data', (bytes: Buffer) => near.write(bytes));
    near
      .on('error', () => {})
      .on('close', () => {
        open.delete(near);
        closed++;
        far.destroy();
      });
    far.on('error', () => {}).on('close', () => near.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  url.hostname = '127.0.0.1';
  url.port = String((proxy.address() as { port: number }).port);
  store = await openStore(
    { engine: 'mysql', url: url.href, poolSize: POOL_SIZE },
    { clock: () => Date.now() * 1_000, retention: { afterFinish: null }, whenOutdated: 'migrate' },
  );
});
afterAll(async () => {
  await store?.close();
  proxy?.close();
  await temporary?.drop();
});

test('idle sessions live on behind a proxy that answers pings by itself', async () => {
  const useAll = () => Promise.all(Array.from({ length: 4 * POOL_SIZE }, () => store.ping()));
  await until(async () => {
    await useAll();
    return open.size === POOL_SIZE;
  }, 'all connections are open');
  await until(() => open.size === POOL_SIZE - 1, 'one of them was one too many to be idle');
  closed = 0;
  const idleSince = performance.now();
  await until(() => performance.now() - idleSince > (SERVER_SILENCE_S + 3) * 1_000, 'they have been idle for long');
  expect(closed).toBe(0);
});
