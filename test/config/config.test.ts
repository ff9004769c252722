import { readConfig, readDatabase, unknownVariables } from '../../src/config/config';
import { displayDatabase } from '../../src/config/database-url';
import { type Environment, type Flags, SettingsError } from '../../src/config/settings';

function mistakesOf(flags: Flags, environment: Environment = {}): readonly string[] {
  try {
    readConfig(flags, environment);
  } catch (error) {
    if (error instanceof SettingsError) return error.mistakes;
    throw error;
  }
  return [];
}

test('without flags and environment, every default', () => {
  expect(readConfig({}, {})).toEqual({
    host: '127.0.0.1',
    port: 50051,
    processes: 1,
    database: { engine: 'sqlite', file: 'taskresults.sqlite' },
    migrate: false,
    tokens: { full: null, readOnly: null },
    limits: {
      maxJsonSize: 1_048_576,
      maxTracebackSize: 262_144,
      maxWorkerIdLength: 255,
      maxMessageSize: 8_388_608,
      maxWatches: 20_000,
      maxWatchedIds: 1_000_000,
      maxConnections: 2_000,
      maxCallMemory: 268_435_456,
    },
    acceptCompressed: false,
    retention: { afterFinish: null },
    cacheBytes: 16_777_216,
    changeLogRetention: 3_600_000_000,
    watch: { pollFastMs: 20, pollSlowMs: 50, rereadMs: 30_000, maxAgeMs: 3_600_000 },
    callTimeoutMs: 30_000,
    keepalive: { timeMs: 30_000, timeoutMs: 10_000 },
    shutdownGraceMs: 10_000,
    logLevel: 'info',
  });
});

test('flags win over the environment, and that over defaults', () => {
  const environment = { TASKRESULTS_HOST: '0.0.0.0', TASKRESULTS_PORT: '1' };
  expect(readConfig({ port: '2' }, environment)).toMatchObject({ host: '0.0.0.0', port: 2 });
});

test('tokens come from the environment', () => {
  const environment = { TASKRESULTS_TOKEN: 'write', TASKRESULTS_READ_TOKEN: 'read' };
  expect(readConfig({}, environment).tokens).toEqual({ full: 'write', readOnly: 'read' });
});

test('a config cannot be changed', () => {
  const config = readConfig({}, {});
  expect(Object.isFrozen(config)).toBe(true);
  expect(Object.isFrozen(config.watch)).toBe(true);
});

test.each<[string | true, boolean]>([
  [true, true],
  ['true', true],
  ['false', false],
])('--migrate %s is %s', (migrate, expected) => {
  expect(readConfig({ migrate }, {}).migrate).toBe(expected);
});

test.each([
  ['4096', 4_096],
  ['4096B', 4_096],
  ['512KiB', 524_288],
  ['2MiB', 2_097_152],
])('a size of %s is %d bytes', (maxJsonSize, bytes) => {
  expect(readConfig({ maxJsonSize }, {}).limits.maxJsonSize).toBe(bytes);
});

test.each([
  ['forever', null],
  ['30s', 30_000_000],
  ['15m', 900_000_000],
  ['12h', 43_200_000_000],
  ['30d', 2_592_000_000_000],
])('a retention of %s is %p µs', (retention, micros) => {
  expect(readConfig({ retention }, {}).retention.afterFinish).toBe(micros);
});

test('every mistake is named at once, with its flag, its variable and what is allowed', () => {
  const flags: Flags = { port: '65536', maxJsonSize: '1MB', pollFast: '20', logLevel: 'loud' };
  expect(mistakesOf(flags, { TASKRESULTS_MIGRATE: 'yes' })).toEqual([
    '--port (TASKRESULTS_PORT): must be a whole number from 0 to 65535, not "65536"',
    '--migrate (TASKRESULTS_MIGRATE): must be one of true, false, not "yes"',
    expect.stringMatching(/^--max-json-size \(TASKRESULTS_MAX_JSON_SIZE\): must be a number of bytes, .* not "1MB"$/),
    expect.stringMatching(
      /^--poll-fast \(TASKRESULTS_POLL_FAST\): must be a number with ms, s, m, h or d, .* not "20"$/,
    ),
    expect.stringMatching(/^--log-level \(TASKRESULTS_LOG_LEVEL\): must be one of fatal, .*, silent, not "loud"$/),
  ]);
});

test.each<[Flags]>([
  [{ host: '' }],
  [{ host: ' ' }],
  [{ host: '*' }],
  [{ host: 'localhost:80' }],
  [{ host: '[127.0.0.1]' }],
  [{ host: '[::1' }],
  [{ host: '::1]' }],
  [{ host: '[]' }],
  [{ host: '::g' }],
  [{ port: '-1' }],
  [{ port: '1.5' }],
  [{ port: '0x10' }],
  [{ poolSize: '1' }],
  [{ maxWorkerIdLength: '256' }],
  [{ retention: '0d' }],
  [{ changeLogRetention: '59s' }],
  [{ watchMaxAge: '999ms' }],
  [{ rereadInterval: '25d' }],
  [{ keepaliveTime: '999ms' }],
  [{ keepaliveTimeout: '999ms' }],
  [{ cacheSize: '-1' }],
  [{ cacheSize: '1.5MiB' }],
  [{ shutdownGrace: '' }],
])('%p is refused', (flags) => {
  expect(mistakesOf(flags)).toHaveLength(1);
});

test.each(['localhost', 'db_1.example.org', '127.0.0.1', '0.0.0.0', '::', '::1', '::ffff:127.0.0.1'])(
  'the host %s is taken as it is',
  (host) => {
    expect(readConfig({ host }, {}).host).toBe(host);
  },
);

test('an IPv6 address may stand in brackets', () => {
  expect(readConfig({ host: '[::1]' }, {}).host).toBe('::1');
});

test('a message must be able to hold a whole result', () => {
  const [mistake] = mistakesOf({ maxJsonSize: '4MiB' });
  expect(mistake).toContain('--max-message-size (TASKRESULTS_MAX_MESSAGE_SIZE): must be at least 10MiB');
  expect(mistakesOf({ maxJsonSize: '4MiB', maxMessageSize: '10MiB' })).toEqual([]);
});

test('the pause at rest is the longer one', () => {
  expect(mistakesOf({ pollFast: '501ms' })).toEqual([expect.stringContaining('must not be longer than --poll-slow')]);
});

test.each(['', 'two words', 'line\nbreak', 'ümlaut', 'x'.repeat(4_097)])(
  'the token %p is refused without being told',
  (token) => {
    const rule = 'TASKRESULTS_TOKEN: must be 1 to 4096 visible ASCII characters, without spaces';
    expect(mistakesOf({}, { TASKRESULTS_TOKEN: token })).toEqual([rule]);
  },
);

test.each([
  'postgres://app:secret@db/x',
  'mysql://app:secret@db',
  'mysql://app:secret@db:port/x',
  'mysql://app:secret@db/x?ssl=1',
  'mysql://app:secret%zz@db/x',
  'mysql://app:secret%@db/x',
  'mysql://app%:41secret@db/x',
  'mysql://app:secret%ff@db/x',
  'mysql://app:secret@db/x%',
  'sqlite:',
])('the database %s is refused without telling its password', (databaseUrl) => {
  const [mistake, ...more] = mistakesOf({ databaseUrl });
  expect(more).toEqual([]);
  expect(mistake).toMatch(/^--database-url \(TASKRESULTS_DATABASE_URL\): /);
  expect(mistake).not.toContain('secret');
});

test.each(['mysql://app:secret%@db/x', 'mysql://app%:41secret@db/x', 'mysql://app:secret%ff@db/x'])(
  'the stray %% of %s is named',
  (databaseUrl) => {
    expect(mistakesOf({ databaseUrl })).toEqual([expect.stringMatching(/ has a "%".*: write %25$/)]);
  },
);

test.each([
  'sqlite:',
  'sqlite: ',
  'sqlite:\t\n',
  'sqlite::memory:',
  'sqlite: :memory: ',
  'sqlite:file:',
  'sqlite:file::memory:',
  'sqlite:file::memory:?cache=shared',
  'sqlite:file:results.sqlite?mode=memory',
  'sqlite: FILE:results.sqlite',
])('the database "%s" would keep nothing, and is refused', (databaseUrl) => {
  expect(mistakesOf({ databaseUrl })).toEqual([
    expect.stringMatching(/^--database-url \(TASKRESULTS_DATABASE_URL\): .* sqlite:taskresults\.sqlite$/),
  ]);
});

test.each(['sqlite:memory', 'sqlite:./:memory:', 'sqlite:my file.sqlite', 'sqlite:/var/lib/results'])(
  'the database "%s" is a file',
  (databaseUrl) => {
    expect(readDatabase({ databaseUrl }, {})).toEqual({ engine: 'sqlite', file: databaseUrl.slice('sqlite:'.length) });
  },
);

test('a database is shown without its password', () => {
  const flags = { databaseUrl: 'mariadb://app:se%40cret@db:3307/tasks?tls=verify' };
  const database = readDatabase(flags, { TASKRESULTS_POOL_SIZE: '3' });
  expect(database).toEqual({ engine: 'mysql', url: flags.databaseUrl, poolSize: 3 });
  expect(displayDatabase(database)).toBe('mariadb://app@db:3307/tasks?tls=verify');
});

test('a port that Kubernetes has set is explained', () => {
  expect(mistakesOf({}, { TASKRESULTS_PORT: 'tcp://10.0.0.7:50051' })).toEqual([expect.stringContaining('Kubernetes')]);
});

test('variables that mean nothing are found, those of others let pass', () => {
  const environment = {
    TASKRESULTS_PROT: '1',
    TASKRESULTS_PORT: '1',
    TASKRESULTS_TOKEN: 'x',
    TASKRESULTS_SERVER: 'x',
    TASKRESULTS_DEBUG: '1',
    TASKRESULTS_TEST_MYSQL_URL: 'x',
    TASKRESULTS_SERVICE_HOST: '10.0.0.7',
    TASKRESULTS_PORT_50051_TCP: 'x',
    PATH: 'x',
  };
  expect(unknownVariables(environment)).toEqual(['TASKRESULTS_PROT']);
});
