import { CONFIGURABLE, type Limits, MAX_ANSWER_SIZE } from '../domain/limits';
import {
  DAY,
  databaseUrl,
  duration,
  host,
  integer,
  MIB,
  MINUTE,
  oneOf,
  port,
  Refusal,
  SECOND,
  type Setting,
  secret,
  setting,
  size,
} from './parsers';
import { formatBytes } from './units';

/** Timers overflow at 2^31 ms, which is a little more. */
const MAX_TIMER = 24 * DAY;
const MAX_RETENTION = 36_500 * DAY;

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** Every setting of the server. Flag and environment variable follow from the name. */
export const SETTINGS = {
  host: setting(
    'host',
    '<address>',
    '127.0.0.1',
    'address to listen on; `unix:/path` for a Unix socket, which has no port',
    host,
  ),
  port: setting('port', '<number>', '50051', 'port to listen on; 0 takes any free one', port),
  databaseUrl: setting(
    'database-url',
    '<url>',
    'sqlite:taskresults.sqlite',
    'where results are kept: `sqlite:FILE`, `mysql://user:password@host:port/db` or `mariadb://…`; `?tls=verify` for TLS',
    databaseUrl,
  ),
  processes: setting(
    'processes',
    '<number>',
    '1',
    'processes that share the port, for more than one core; MySQL only',
    integer(1, 256),
  ),
  poolSize: setting('pool-size', '<number>', '10', 'connections to MySQL at a time, at most', integer(2, 1_000)),
  migrate: setting(
    'migrate',
    '[true|false]',
    'false',
    'bring the schema of a MySQL database up to date at start; an SQLite file always is',
    oneOf(['true', 'false'] as const),
  ),
  token: secret(
    'TASKRESULTS_TOKEN',
    'callers must send it as `authorization: Bearer …`; with neither token, anybody may read and write',
  ),
  readToken: secret(
    'TASKRESULTS_READ_TOKEN',
    'another such token, good for reading only; without the first one, nobody may write',
  ),
  maxJsonSize: sizeLimit(
    'maxJsonSize',
    'how large args and kwargs together may be, and the return value; more is refused',
  ),
  maxTracebackSize: sizeLimit('maxTracebackSize', 'how large a traceback may be; more is cut and marked'),
  maxMessageSize: sizeLimit(
    'maxMessageSize',
    `how large a whole incoming message may be; answers of many results end at ${formatBytes(MAX_ANSWER_SIZE, ' ')}`,
  ),
  maxWorkerIdLength: countLimit('maxWorkerIdLength', 'how many characters a worker id may have'),
  maxWatches: countLimit('maxWatches', 'watches that one process may have open at a time'),
  maxWatchedIds: countLimit('maxWatchedIds', 'ids that all open watches of one process may have together'),
  maxConnections: countLimit('maxConnections', 'connections that one process may have open at a time'),
  maxCallMemory: sizeLimit(
    'maxCallMemory',
    'memory for requests and unsent answers in one process; one connection may hold half of it',
  ),
  acceptCompressed: setting(
    'accept-compressed',
    '[true|false]',
    'false',
    'take messages that callers with a token, if there is one, have compressed',
    oneOf(['true', 'false'] as const),
  ),
  retention: setting(
    'retention',
    '<duration>',
    'forever',
    'how long a result is kept once it is finished, e.g. `30d`',
    (text) => (text === 'forever' ? null : duration(SECOND, MAX_RETENTION, '`forever`, or ')(text)),
  ),
  cacheSize: setting(
    'cache-size',
    '<size>',
    '16MiB',
    'memory for finished results, which `Get` then answers without the database; `0` for none',
    size(0, 64 * 1024 * MIB),
  ),
  changeLogRetention: setting(
    'change-log-retention',
    '<duration>',
    '1h',
    'how long entries of the change log are kept',
    duration(MINUTE, MAX_RETENTION),
  ),
  pollFast: setting(
    'poll-fast',
    '<duration>',
    '20ms',
    'pause between two polls of the change log while things change',
    duration(1, MAX_TIMER),
  ),
  pollSlow: setting('poll-slow', '<duration>', '50ms', 'the same at rest', duration(1, MAX_TIMER)),
  rereadInterval: setting(
    'reread-interval',
    '<duration>',
    '30s',
    'unfinished watched results are read again this often, whatever the change log says',
    duration(SECOND, MAX_TIMER),
  ),
  callTimeout: setting(
    'call-timeout',
    '<duration>',
    '30s',
    'a call that the store has not let answer by then ends with UNAVAILABLE; one that waits, a second after its own time',
    duration(SECOND, 60 * MINUTE),
  ),
  watchMaxAge: setting(
    'watch-max-age',
    '<duration>',
    '1h',
    'watches of this age are asked to open again',
    duration(SECOND, MAX_TIMER),
  ),
  keepaliveTime: setting(
    'keepalive-time',
    '<duration>',
    '30s',
    'a connection that is silent for this long is pinged',
    duration(SECOND, MAX_TIMER),
  ),
  keepaliveTimeout: setting(
    'keepalive-timeout',
    '<duration>',
    '10s',
    'a connection that does not answer the ping within this time is closed',
    duration(SECOND, MAX_TIMER),
  ),
  shutdownGrace: setting(
    'shutdown-grace',
    '<duration>',
    '10s',
    'how long a stopping server waits for calls under way',
    duration(0, MAX_TIMER),
  ),
  logLevel: setting('log-level', '<level>', 'info', `one of ${LOG_LEVELS.join(', ')}`, oneOf(LOG_LEVELS)),
};

function sizeLimit(name: keyof Limits, description: string): Setting<number> {
  const { min, max, usual } = CONFIGURABLE[name];
  return setting(flagOf(name), '<size>', formatBytes(usual), description, size(min, max));
}

function countLimit(name: keyof Limits, description: string): Setting<number> {
  const { min, max, usual } = CONFIGURABLE[name];
  return setting(flagOf(name), '<number>', String(usual), description, integer(min, max));
}

/** `maxJsonSize` → `max-json-size`. */
function flagOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

export type SettingName = keyof typeof SETTINGS;

export type Values = { [K in SettingName]: (typeof SETTINGS)[K] extends Setting<infer T> ? T : never };

/** Flags as commander gives them: an option without its value is `true`. */
export type Flags = { readonly [K in SettingName]?: string | true };

export type Environment = Readonly<Record<string, string | undefined>>;

/** Settings that cannot be used: one line each. */
export class SettingsError extends Error {
  constructor(readonly mistakes: readonly string[]) {
    super(mistakes.join('\n'));
  }
}

/** Reads the settings named: flags win over the environment, and that over defaults. Throws all mistakes at once. */
export function readSettings<K extends SettingName>(
  names: readonly K[],
  flags: Flags,
  environment: Environment,
): Pick<Values, K> {
  const mistakes: string[] = [];
  const values: Partial<Record<K, unknown>> = {};
  for (const name of names) {
    const { env, default: fallback, parse }: Setting = SETTINGS[name];
    const text = flags[name] ?? environment[env] ?? fallback;
    try {
      values[name] = text === null ? null : parse(String(text));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      mistakes.push(`${label(name)}: ${error.message}`);
    }
  }
  if (mistakes.length > 0) throw new SettingsError(mistakes);
  return values as Pick<Values, K>;
}

/** `--port (TASKRESULTS_PORT)`, as mistakes name it. */
export function label(name: SettingName): string {
  const { env, flags }: Setting = SETTINGS[name];
  return flags === null ? env : `${flags.split(' ')[0]} (${env})`;
}
