import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { callsOf } from '../support/calls';
import { isAlive } from '../support/children';
import { temporaryDatabase } from '../support/engines';
import { Link } from '../support/link';
import { freePort } from '../support/private-mysql';
import { killLeftovers, Program, run } from '../support/program';
import { connectTo } from '../support/service';
import { until } from '../support/until';

const LISTENING = /^taskresults is listening on 127\.0\.0\.1:(\d+) \(.*\)\n$/;
const STOPPING = /"msg":"stopping"/;

/** Migrated, and kept for all tests. */
let url: string;
let drop: () => Promise<void>;
/** A connection to the same database, without the server. */
let database: Connection;

beforeAll(async () => {
  const temporary = await temporaryDatabase('mysql');
  if (temporary.database.engine !== 'mysql') throw new Error('not a MySQL database');
  ({ url } = temporary.database);
  drop = temporary.drop;
  expect(await run(['migrate', '--database-url', url])).toMatchObject({ code: 0 });
  database = await createConnection(url);
});

afterEach(killLeftovers);

afterAll(async () => {
  await database.end();
  await drop();
});

/** A group that is detached from this process: it gets no signals but those that a test sends. */
function serve(processes: number, ...args: string[]): Program {
  const all = ['serve', '--port', '0', '--processes', String(processes), '--database-url', url, ...args];
  return new Program(all, {}, { detached: true });
}

async function address(server: Program): Promise<string> {
  await server.printed(LISTENING);
  return `127.0.0.1:${LISTENING.exec(server.stdout)?.[1]}`;
}

/** Runs `work` while the processes of a group wait for a table that each reads when it starts. */
async function whileStarting(work: (server: Program) => Promise<void>): Promise<Program> {
  await database.query('LOCK TABLES taskresults_migrations WRITE');
  try {
    const server = serve(2);
    const wait = async () => (await connections("STATE LIKE '%metadata lock%'")) === 2;
    await until(wait, 'both wait at their start');
    await work(server);
    expect(server.stdout).toBe('');
    return server;
  } finally {
    await database.query('UNLOCK TABLES');
  }
}

/** How many connections of the server's fulfil `condition`. */
async function connections(condition: string): Promise<number> {
  const [rows] = await database.query<RowDataPacket[]>(
    `SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST
       WHERE DB = DATABASE() AND ID <> CONNECTION_ID() AND ${condition}`,
  );
  return Number(rows[0]?.n);
}

describe('several processes on one port', () => {
  test('a write through one is seen by watchers of the other, and a process that dies is replaced', async () => {
    const server = serve(2, '--log-level', 'warn');
    const at = await address(server);
    // Connections are handed out in turn: two clients have two processes.
    const [one, other] = [connectTo(at), connectTo(at)];
    try {
      await callsOf(one).create('seen');
      const waiting = callsOf(other).wait({ id: 'seen' });
      await callsOf(one).start('seen');
      await callsOf(one).succeed('seen');
      expect((await waiting).timedOut).toBe(false);

      const [victim, survivor] = server.children() as [number, number];
      process.kill(victim, 'SIGKILL');
      await until(() => {
        const now = server.children();
        return now.length === 2 && now.includes(survivor) && !now.includes(victim);
      }, 'another one has taken its place');
      await until(() => serves(at), 'it serves');
    } finally {
      one.close();
      other.close();
    }
    const children = server.children();
    expect(await server.kill('SIGTERM')).toMatchObject({ code: 0 });
    expect(children.filter(isAlive)).toEqual([]);
  });
});

describe('what one process says and answers, many say and answer once', () => {
  test.each<[string, () => Promise<string[]>]>([
    ['a port in use', async () => ['--port', String(await portInUse())]],
    ['an address of another machine', async () => ['--host', '192.0.2.1']],
    ['a host without an address', async () => ['--host', 'nowhere.invalid']],
    ['a database that refuses', async () => ['--database-url', `mysql://app@127.0.0.1:${await freePort()}/x`]],
    ['a setting that is wrong', async () => ['--max-watches', 'many']],
  ])('%s', async (_, arrange) => {
    const args = await arrange();
    const outcomes = [1, 3].map((processes) => serve(processes, '--log-level', 'error', ...args).outcome());
    const [alone, group] = await Promise.all(outcomes);
    expect(alone).toMatchObject({ stdout: '', stderr: expect.stringMatching(/^error: .+\n$/) });
    expect(group).toEqual(alone);
  });

  test('a schema that is missing', async () => {
    await database.query('RENAME TABLE taskresults_migrations TO hidden');
    try {
      const [alone, group] = await Promise.all([serve(1).outcome(), serve(3).outcome()]);
      expect(alone).toMatchObject({ code: 1, stderr: expect.stringMatching(/^error: .*taskresults migrate.*\n$/) });
      expect(group).toEqual(alone);
    } finally {
      await database.query('RENAME TABLE hidden TO taskresults_migrations');
    }
  });

  test('warnings', async () => {
    const env = { TASKRESULTS_DATABASE_URL: url, TASKRESULTS_PROT: '1' };
    const args = ['serve', '--host', '0.0.0.0', '--port', '0', '--log-level', 'warn', '--processes'];
    const said = await Promise.all(
      ['1', '3'].map(async (processes) => {
        const server = new Program([...args, processes], env);
        await server.printed(/listening on 0\.0\.0\.0:\d+/);
        const { stderr } = await server.kill('SIGTERM');
        return [...stderr.matchAll(/"msg":"(.*?)"/g)].map(([, message]) => message);
      }),
    );
    expect(said[0]).toHaveLength(2);
    expect(said[1]).toEqual(said[0]);
  });

  test('the migration that --migrate asks for', async () => {
    const empty = await temporaryDatabase('mysql');
    const emptyUrl = empty.database.engine === 'mysql' ? empty.database.url : '';
    try {
      const server = serve(3, '--database-url', emptyUrl, '--migrate', '--log-level', 'warn');
      await address(server);
      expect(await server.kill('SIGTERM')).toMatchObject({ code: 0, stderr: '' });
      expect(await run(['migrate', '--database-url', emptyUrl])).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^nothing to do\n/),
      });
    } finally {
      await empty.drop();
    }
  });
});

describe('starting again', () => {
  test('a process that dies before all listen is replaced', async () => {
    let victim = 0;
    const server = await whileStarting(async (server) => {
      [victim = 0] = server.children();
      process.kill(victim, 'SIGKILL');
      await server.logged(/a process has ended/);
    });
    await address(server);
    expect(server.children()).toHaveLength(2);
    expect(server.children()).not.toContain(victim);
    expect(await server.kill('SIGTERM')).toMatchObject({ code: 0 });
  });

  test('those that cannot start for a while are tried again until they can, on the same port', async () => {
    const link = await Link.to(Number(new URL(url).port || 3306));
    const through = new URL(url);
    through.port = String(link.port);
    try {
      const server = serve(2, '--database-url', through.href);
      const at = await address(server);
      await link.close();
      const before = server.children();
      for (const child of before) process.kill(child, 'SIGKILL');
      await until(() => refusals(server) >= 4, 'starts have failed, and again');
      await link.reopen();
      await until(() => serves(at), 'it serves');
      await until(() => server.children().length === 2, 'both are back');
      expect(server.children().filter((child) => before.includes(child))).toEqual([]);
      expect(server.stderr).toMatch(/"pauseMs":1000,.*"pauseMs":2000,.*"pauseMs":4000,/s);
      expect(await server.kill('SIGTERM')).toMatchObject({ code: 0 });
    } finally {
      await link.close();
    }
  });
});

describe('stopping', () => {
  /** Runs `work` while a call waits for the lock of its row. Returns what became of the call. */
  async function whileCalling(id: string, server: Program, work: () => Promise<void>): Promise<unknown> {
    const client = connectTo(await address(server));
    await callsOf(client).create(id);
    await database.beginTransaction();
    await database.query('SELECT id FROM task_results WHERE id = ? FOR UPDATE', [id]);
    const started = callsOf(client)
      .start(id)
      .catch((error: Error) => error);
    // Its row is read for that, unless the process that created it serves the call and remembers it.
    const waits = async () =>
      (await connections("(INFO LIKE '%FOR UPDATE%' OR INFO LIKE '%UPDATE task_results%')")) > 0;
    try {
      await until(waits, 'the call waits for its row');
      await work();
    } finally {
      await database.rollback();
    }
    const outcome = await started;
    client.close();
    return outcome;
  }

  test.each(['SIGINT', 'SIGTERM'] as const)('%s to the whole group lets calls under way end', async (signal) => {
    const server = serve(2, '--shutdown-grace', '60s');
    const outcome = await whileCalling(`under-way-${signal}`, server, async () => {
      void server.killGroup(signal);
      await server.logged(STOPPING);
      // Once more to those that serve, so that none is spared by chance; some may have ended.
      for (const child of server.children()) spawnSync('kill', ['-s', signal.slice(3), String(child)]);
    });
    expect(outcome).toMatchObject({ attempt: 1 });
    expect(await server.outcome()).toMatchObject({ code: 0, stderr: expect.not.stringContaining('started again') });
  });

  test('a second signal ends all at once', async () => {
    const server = serve(2);
    await address(server);
    const children = server.children();
    await whileCalling('cut-off', server, async () => {
      void server.killGroup('SIGINT');
      await server.logged(STOPPING);
      expect(await server.killGroup('SIGINT')).toMatchObject({ code: 130 });
    });
    await until(() => !children.some(isAlive), 'all have ended');
  });

  test('a signal while processes are starting', async () => {
    await whileStarting(async (server) => {
      const children = server.children();
      expect(await server.kill('SIGTERM')).toMatchObject({ code: 0, stdout: '' });
      expect(children.filter(isAlive)).toEqual([]);
    });
  });

  test('one that is stuck is killed when the grace is over', async () => {
    const server = serve(2, '--shutdown-grace', '0s', '--log-level', 'warn');
    await address(server);
    const children = server.children();
    process.kill(children[0] as number, 'SIGSTOP');
    try {
      const { code, stderr } = await server.kill('SIGTERM');
      expect(code).toBe(0);
      expect(stderr).toContain(`"pids":[${children[0]}]`);
      expect(children.filter(isAlive)).toEqual([]);
    } finally {
      for (const child of children.filter(isAlive)) process.kill(child, 'SIGKILL');
    }
  });

  test('none is left behind, and the port is free, when the first process is killed', async () => {
    const server = serve(2);
    const port = Number((await address(server)).split(':')[1]);
    const children = server.children();
    await server.kill('SIGKILL');
    await until(() => !children.some(isAlive), 'all have ended');
    await listenOn(port);
  });
});

async function serves(at: string): Promise<boolean> {
  const client = connectTo(at);
  const answer = await callsOf(client)
    .list()
    .catch(() => null);
  client.close();
  return answer !== null;
}

function refusals(server: Program): number {
  return server.stderr.split('"reason":"the store is out of reach').length - 1;
}

const listeners: ReturnType<typeof createServer>[] = [];

afterAll(() => {
  for (const listener of listeners) listener.close();
});

function portInUse(): Promise<number> {
  return listenOn(0);
}

function listenOn(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const listener = createServer().on('error', reject);
    listeners.push(listener);
    listener.listen(port, '127.0.0.1', () => resolve((listener.address() as { port: number }).port));
  });
}
