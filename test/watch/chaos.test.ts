import { setTimeout as delay } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { ChildServer } from '../support/child-server';
import { temporaryMysql } from '../support/engines';
import { Follower } from '../support/follower';
import { inParallel } from '../support/in-parallel';
import { Link } from '../support/link';
import { freePort, PrivateMysql } from '../support/private-mysql';
import { until } from '../support/until';
import { TestWorker } from '../support/worker';

/** More of both for a longer hunt: TASKRESULTS_TEST_CHAOS_TASKS=20000 TASKRESULTS_TEST_CHAOS_SEEDS=1,2,3,4,5. */
const TASKS = Number(process.env.TASKRESULTS_TEST_CHAOS_TASKS ?? 2_000);
const SEEDS = (process.env.TASKRESULTS_TEST_CHAOS_SEEDS ?? '1,2').split(',').map(Number);

const IDS_PER_WATCH = 100;

/** A small generator of reproducible numbers in [0, 1) (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('two servers over one database, while everything that can break breaks', () => {
  let mysql: PrivateMysql;
  beforeAll(async () => {
    mysql = await PrivateMysql.start();
  });
  afterAll(() => mysql.stop());

  test.each(SEEDS)('every watcher sees each of its tasks finish, seed %i', async (seed) => {
    const chance = random(seed);
    const { database, drop } = await temporaryMysql(mysql.url());
    const url = database.engine === 'mysql' ? database.url : '';
    const ports = [await freePort(), await freePort()] as const;
    const servers = [await ChildServer.start(url, ports[0], ['--migrate']), await ChildServer.start(url, ports[1])];
    const links = [await Link.to(ports[0]), await Link.to(ports[1])] as const;
    const addresses = links.map((link) => `127.0.0.1:${link.port}`);

    const ids = Array.from({ length: TASKS }, (_, i) => `seed-${seed}-task-${i}`);
    const worker = new TestWorker(addresses, 'w');
    // Created before they are watched: a watch ends for an id that does not exist.
    await inParallel(ids, (id) => worker.create(id));
    const followers: Follower[] = [];
    for (let i = 0; i < ids.length; i += IDS_PER_WATCH) {
      const first = followers.length % 2 === 0 ? addresses : [...addresses].reverse();
      followers.push(new Follower(ids.slice(i, i + IDS_PER_WATCH), first));
    }
    const following = Promise.all(followers.map((follower) => follower.untilFinished()));

    let done = 0;
    const work = inParallel(ids, async (id) => {
      while (chance() < 0.2) await worker.attempt(id, 'retry');
      await worker.attempt(id, chance() < 0.1 ? 'fail' : 'succeed');
      done++;
    });
    const reached = (part: number) => until(() => done >= TASKS * part, `${part * 100} % of the work`);

    await reached(0.1 + 0.1 * chance());
    links[0].cut();
    await reached(0.25);
    await servers[0]?.end('SIGKILL');
    await delay(200 * chance());
    servers[0] = await ChildServer.start(url, ports[0]);
    await reached(0.4);
    await killConnections(mysql);
    await reached(0.55);
    await mysql.down('KILL');
    await delay(500 * chance());
    await mysql.up();
    await reached(0.75);
    links[1].cut();
    await servers[1]?.end('SIGTERM');
    servers[1] = await ChildServer.start(url, ports[1]);
    await work;

    try {
      await Promise.race([following.catch(() => {}), delay(120_000, undefined, { ref: false })]);
      const missed = followers.flatMap((follower) => follower.unfinished());
      expect(missed).toEqual([]);
      await following; // rejects when a revision went back
      expect(followers.some((follower) => follower.opened > 1)).toBe(true);
      expect(worker.repeated).toBeGreaterThan(0);
    } finally {
      for (const follower of followers) follower.stop();
      worker.close();
      await Promise.all([...servers.map((server) => server.end()), ...links.map((link) => link.close())]);
      await drop();
    }
  });
});

async function killConnections(mysql: PrivateMysql): Promise<void> {
  const connection = await createConnection(mysql.url());
  const [rows] = await connection.query(
    'SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND db IS NOT NULL',
  );
  for (const { id } of rows as { id: number }[]) await connection.query('KILL ?', [id]).catch(() => {});
  await connection.end();
}
