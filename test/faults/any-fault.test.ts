import { setTimeout as delay } from 'node:timers/promises';
import { credentials } from '@grpc/grpc-js';
import { TaskLifecycleServiceClient } from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import { TaskResultServiceClient } from '@taskresults/protocol/taskresults/v1/task_result_service';
import { createConnection } from 'mysql2/promise';
import { callsOf, SUCCESSFUL } from '../support/calls';
import { ChildServer } from '../support/child-server';
import { temporaryMysql } from '../support/engines';
import { Link } from '../support/link';
import { PrivateMysql } from '../support/private-mysql';
import { RivalLoad } from '../support/rival-load';
import { until } from '../support/until';
import { Witness } from '../support/witness';

/** For how long a fault lasts. `npm run faults`: longer than the bound of every query and every call. */
const FAULT_MS = process.env.TASKRESULTS_TEST_LONG_FAULTS === '1' ? 40_000 : 3_000;

/** Two servers over one database, with links to the database of each. */
interface Scene {
  mysql: PrivateMysql;
  databaseUrl: string;
  links: readonly [Link, Link];
  servers: [ChildServer, ChildServer];
  /** Starts the first server again. */
  restart(): Promise<void>;
}

interface Fault {
  name: string;
  begin(scene: Scene): Promise<void>;
  end(scene: Scene): Promise<void>;
  /** The second server creates other results meanwhile. */
  isServed: boolean;
}

let holder: Awaited<ReturnType<typeof createConnection>>;

const FAULTS: readonly Fault[] = [
  {
    name: 'rows are locked by somebody else',
    isServed: true,
    async begin({ databaseUrl }) {
      holder = await createConnection(databaseUrl);
      // Rows alone, and not the places between them where new ones go.
      await holder.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
      const [rows] = await holder.query('SELECT id FROM task_results ORDER BY enqueued_at DESC LIMIT 3');
      const underWay = (rows as { id: Buffer }[]).map(({ id }) => id);
      await holder.query('BEGIN');
      await holder.query('SELECT id FROM task_results WHERE id IN (?) FOR UPDATE', [underWay]);
    },
    end: () => holder.end(),
  },
  {
    name: 'a server reaches the database no more, and nobody tells it',
    isServed: true,
    begin: async ({ links }) => links[0].stall(),
    end: async ({ links }) => links[0].heal(),
  },
  {
    name: 'a server loses its power in the middle of transactions',
    isServed: true,
    async begin({ links, servers }) {
      links[0].stall();
      await servers[0].end('SIGKILL');
    },
    async end({ links, restart }) {
      links[0].heal();
      await restart();
    },
  },
  {
    name: 'a server is frozen',
    isServed: true,
    begin: async ({ servers }) => servers[0].suspend(),
    end: async ({ servers }) => servers[0].resume(),
  },
  {
    name: 'a server is killed',
    isServed: true,
    begin: async ({ servers }) => void (await servers[0].end('SIGKILL')),
    end: ({ restart }) => restart(),
  },
  {
    name: 'the links to the database are reset again and again',
    isServed: true,
    async begin({ links }) {
      for (let i = 0; i < 5; i++) {
        for (const link of links) link.cut();
        await delay(50);
      }
    },
    end: async () => {},
  },
  {
    name: 'the database is frozen',
    isServed: false,
    begin: async ({ mysql }) => mysql.freeze(),
    end: async ({ mysql }) => mysql.thaw(),
  },
  {
    name: 'the database is killed',
    isServed: false,
    begin: ({ mysql }) => mysql.down('KILL'),
    end: ({ mysql }) => mysql.up(),
  },
];

/** What docs/reliability.md tells: creates of others a second, and times until all was well again. */
const measured: string[] = [];

let scene: Scene;
let stop: () => Promise<void>;

beforeAll(async () => {
  const mysql = await PrivateMysql.start();
  const { database } = await temporaryMysql(mysql.url());
  if (database.engine !== 'mysql') throw new Error('not a MySQL database');
  const links = [await Link.to(mysql.port), await Link.to(mysql.port)] as const;
  const through = (link: Link) => {
    const url = new URL(database.url);
    url.port = String(link.port);
    return url.href;
  };
  const servers: Scene['servers'] = [
    await ChildServer.start(through(links[0]), 0, ['--migrate']),
    await ChildServer.start(through(links[1])),
  ];
  const { port } = servers[0];
  const restart = async () => {
    servers[0] = await ChildServer.start(through(links[0]), port);
  };
  scene = { mysql, databaseUrl: database.url, links, servers, restart };
  stop = async () => {
    await Promise.all(servers.map((server) => server.end('SIGKILL')));
    await Promise.all(links.map((link) => link.close()));
    await mysql.stop();
  };
});

afterAll(async () => {
  await stop?.();
  if (measured.length > 0) process.stdout.write(`${measured.join('\n')}\n`);
});

test.each(FAULTS)(
  '$name: nothing answered OK is lost, nothing is won twice, every watcher learns all',
  async (fault) => {
    const path = `fault.${FAULTS.indexOf(fault)}`;
    const addresses = scene.servers.map(({ address }) => address);
    const load = new RivalLoad(addresses, path);
    const witnesses = addresses.map((address) => new Witness(address, path));
    const truth = connect(addresses[1] as string);
    try {
      await until(() => load.finished.size > 50, 'tasks are done');
      const before = await pace(load, 1_000);
      await fault.begin(scene);
      const during = await pace(load, FAULT_MS);
      const answeredBefore = load.answered;
      await fault.end(scene);
      const endedAt = performance.now();
      await until(() => load.answered > answeredBefore + 100, 'calls are answered again');
      const backMs = performance.now() - endedAt;
      await load.stop();

      const ids = [...load.finished.keys(), ...load.deleted];
      const found = new Map<string, string>();
      for (let i = 0; i < ids.length; i += 1_000) {
        const { taskResults } = await truth.calls.batchGet(ids.slice(i, i + 1_000));
        for (const { id, status, returnValueJson, incarnation, revision } of taskResults) {
          found.set(id, `${incarnation}.${revision}`);
          expect({ id, status, returnValueJson }).toEqual({
            id,
            status: SUCCESSFUL,
            returnValueJson: load.finished.get(id),
          });
        }
      }
      expect(ids.filter((id) => found.has(id)).sort()).toEqual([...load.finished.keys()].sort());
      const stoppedAt = performance.now();
      const isSettled = () => witnesses.every(({ seen }) => isSame(seen, found));
      await until(isSettled, 'every watcher has the newest version of every result');
      const settledMs = performance.now() - stoppedAt;
      expect([...load.violations, ...witnesses.flatMap(({ violations }) => violations)]).toEqual([]);
      if (fault.isServed) expect(during).toBeGreaterThan(0);
      measured.push(
        `${fault.name}: ${Math.round(before)}/s before, ${Math.round(during)}/s meanwhile, ` +
          `back ${Math.round(backMs)} ms after it, watchers ${Math.round(settledMs)} ms after the last call`,
      );
    } finally {
      await load.stop();
      for (const witness of witnesses) witness.stop();
      truth.close();
    }
  },
);

/** Creates of others a second, at the second server. */
async function pace(load: RivalLoad, milliseconds: number): Promise<number> {
  const before = load.created;
  await delay(milliseconds);
  return ((load.created - before) / milliseconds) * 1_000;
}

function isSame(seen: ReadonlyMap<string, string>, found: ReadonlyMap<string, string>): boolean {
  return seen.size === found.size && [...found].every(([id, version]) => seen.get(id) === version);
}

function connect(address: string) {
  const reads = new TaskResultServiceClient(address, credentials.createInsecure());
  const writes = new TaskLifecycleServiceClient(address, credentials.createInsecure());
  const close = () => {
    reads.close();
    writes.close();
  };
  return { calls: callsOf({ reads, writes }), close };
}
