import { TaskResults } from '@taskresults/client';
import pino from 'pino';
import { readConfig } from '../../src/config/config';
import type { SettingName } from '../../src/config/settings';
import { startService } from '../../src/server/service';
import type { Database } from '../../src/store/open';
import { type EngineName, type TemporaryDatabase, temporaryDatabase } from '../support/engines';

type Values = Partial<Record<SettingName, string>>;

const MAX_TOKEN = 'x'.repeat(4_096);

/** For each setting its smallest, largest and odd values, with what they need from other settings. */
const ACCEPTED: Record<SettingName, readonly Values[]> = {
  host: [{ host: '[::1]' }, { host: '::1' }, { host: 'localhost' }, { host: '0.0.0.0' }, { host: '::' }],
  port: [{ port: '0' }],
  databaseUrl: [], // test/config/config.test.ts
  processes: [{ processes: '1' }], // of more, test/server/processes.test.ts
  poolSize: [{ poolSize: '2' }, { poolSize: '1000' }],
  migrate: [{ migrate: 'true' }],
  token: [{ token: '!' }, { token: MAX_TOKEN }],
  readToken: [{ token: 'x', readToken: MAX_TOKEN }],
  maxJsonSize: [
    { maxJsonSize: '1KiB' },
    { maxJsonSize: '1025' },
    { maxJsonSize: '256MiB', maxMessageSize: '1024MiB', maxCallMemory: '4096MiB' },
  ],
  maxTracebackSize: [{ maxTracebackSize: '1KiB' }, { maxTracebackSize: '1025' }, { maxTracebackSize: '1MiB' }],
  maxMessageSize: [
    { maxMessageSize: '3MiB', maxJsonSize: '1KiB' },
    { maxMessageSize: '4194305' },
    { maxMessageSize: '1024MiB', maxCallMemory: '4096MiB' },
  ],
  maxWorkerIdLength: [{ maxWorkerIdLength: '1' }, { maxWorkerIdLength: '255' }],
  maxWatches: [{ maxWatches: '1' }, { maxWatches: '10000000' }],
  maxWatchedIds: [{ maxWatchedIds: '1' }, { maxWatchedIds: '1000000000' }],
  maxConnections: [{ maxConnections: '1' }, { maxConnections: '1000000' }],
  maxCallMemory: [{ maxCallMemory: '32MiB' }, { maxCallMemory: '1048576MiB' }],
  acceptCompressed: [{ acceptCompressed: 'true' }],
  retention: [{ retention: '1s' }, { retention: '36500d' }, { retention: 'forever' }],
  cacheSize: ['0', '1', '15', '16', '100', '1001', '65536MiB'].map((cacheSize) => ({ cacheSize })),
  changeLogRetention: [{ changeLogRetention: '1m' }, { changeLogRetention: '36500d' }],
  pollFast: [{ pollFast: '1ms' }, { pollFast: '24d', pollSlow: '24d' }],
  pollSlow: [{ pollSlow: '1ms', pollFast: '1ms' }, { pollSlow: '24d' }],
  rereadInterval: [{ rereadInterval: '1s' }, { rereadInterval: '24d' }],
  callTimeout: [{ callTimeout: '1s' }, { callTimeout: '60m' }],
  watchMaxAge: [{ watchMaxAge: '1s' }, { watchMaxAge: '24d' }],
  keepaliveTime: [{ keepaliveTime: '1s' }, { keepaliveTime: '24d' }],
  keepaliveTimeout: [{ keepaliveTimeout: '1s' }, { keepaliveTimeout: '24d' }],
  shutdownGrace: [{ shutdownGrace: '0ms' }, { shutdownGrace: '24d' }],
  logLevel: [{ logLevel: 'silent' }],
};

/** MySQL alone has a pool. */
const MYSQL_ONLY: readonly SettingName[] = ['poolSize'];

const databases = {} as Record<EngineName, TemporaryDatabase>;

beforeAll(async () => {
  databases.sqlite = await temporaryDatabase('sqlite');
  databases.mysql = await temporaryDatabase('mysql');
});

afterAll(async () => {
  for (const { drop } of Object.values(databases)) await drop();
});

function configOf({ token, readToken, ...flags }: Values, database: Database) {
  const environment = {
    TASKRESULTS_DATABASE_URL: database.engine === 'sqlite' ? `sqlite:${database.file}` : database.url,
    TASKRESULTS_TOKEN: token,
    TASKRESULTS_READ_TOKEN: readToken,
  };
  return readConfig({ port: '0', migrate: 'true', ...flags }, environment);
}

/** Written as one does before a port. */
function addressOf(host: string, port: number): string {
  if (host === '0.0.0.0') return `127.0.0.1:${port}`;
  return host.includes(':') ? `[::1]:${port}` : `${host}:${port}`;
}

const cases = Object.entries(ACCEPTED).flatMap(([name, all]) =>
  all.map((values) => [MYSQL_ONLY.includes(name as SettingName) ? 'mysql' : 'sqlite', values] as const),
);

test.each(cases)('a server on %s with %j keeps results and tells of them', async (engine, values) => {
  const config = configOf(values, databases[engine].database);
  const service = await startService(config, pino({ level: 'silent' }));
  const client = new TaskResults(addressOf(config.host, service.port), { token: values.token });
  const reader = new TaskResults(addressOf(config.host, service.port), { token: values.readToken ?? values.token });
  try {
    const { id } = await client.create({ path: 'app.tasks.send_mail' });
    const waiting = reader.wait(id);
    await client.failTask(id);
    expect((await waiting).status).toBe('FAILED');
    for (let i = 0; i < 2; i++) expect((await reader.get(id)).status).toBe('FAILED');
  } finally {
    client.close();
    reader.close();
    await service.stop();
  }
});
