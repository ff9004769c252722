import { type Limits, maxResultSize } from '../domain/limits';
import type { Micros } from '../domain/task-result';
import type { Retention } from '../domain/transitions';
import type { Database } from '../store/open';
import { MIB } from './parsers';
import {
  type Environment,
  type Flags,
  label,
  readSettings,
  SETTINGS,
  type SettingName,
  SettingsError,
  type Values,
} from './settings';

/** All settings of a server, checked and in the units of the code. */
export interface Config {
  /** An address, a name, or `unix:` and the path of a Unix socket, which has no port. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Processes that share the port. */
  readonly processes: number;
  readonly database: Database;
  /** Bring the schema of a MySQL database up to date at start. An SQLite file always is. */
  readonly migrate: boolean;
  /** Null: not asked for. With neither, everybody may do everything. */
  readonly tokens: { readonly full: string | null; readonly readOnly: string | null };
  readonly limits: Limits;
  /** Take compressed messages. */
  readonly acceptCompressed: boolean;
  readonly retention: Retention;
  /** Memory that the cache of finished results may take. */
  readonly cacheBytes: number;
  /** How long entries of the change log are kept. */
  readonly changeLogRetention: Micros;
  readonly watch: WatchConfig;
  /** How long a unary call may take, each transition of a stream, the first read of a watch, and any read of the store. */
  readonly callTimeoutMs: number;
  /** How a half-open connection is noticed: one that is silent for `timeMs` must answer a ping within `timeoutMs`. */
  readonly keepalive: { readonly timeMs: number; readonly timeoutMs: number };
  /** How long a stopping server waits for calls under way. */
  readonly shutdownGraceMs: number;
  readonly logLevel: string;
}

export interface WatchConfig {
  /** Pause between two polls of the change log while things change. */
  readonly pollFastMs: number;
  /** Pause between two polls at rest. */
  readonly pollSlowMs: number;
  /** Unfinished watched results are read again this often, whatever the change log says. */
  readonly rereadMs: number;
  /** A watch is ended with MAX_AGE after this time, give or take a tenth. */
  readonly maxAgeMs: number;
}

const ALL = Object.keys(SETTINGS) as SettingName[];

/** Reads all settings. Throws SettingsError, which names every mistake. */
export function readConfig(flags: Flags, environment: Environment): Config {
  const values = readSettings(ALL, flags, environment);
  const { maxJsonSize, maxTracebackSize, maxWorkerIdLength, maxMessageSize } = values;
  const { maxWatches, maxWatchedIds, maxConnections, maxCallMemory } = values;
  const limits = {
    maxJsonSize,
    maxTracebackSize,
    maxWorkerIdLength,
    maxMessageSize,
    maxWatches,
    maxWatchedIds,
    maxConnections,
    maxCallMemory,
  };
  const wholeResult = maxResultSize(limits);
  const mistakes: string[] = [];
  if (maxMessageSize < wholeResult) {
    const min = `${Math.ceil(wholeResult / MIB)}MiB`;
    mistakes.push(
      `${label('maxMessageSize')}: must be at least ${min} with this max-json-size: a whole result must fit`,
    );
  }
  if (maxCallMemory < 4 * maxMessageSize) {
    const min = `${Math.ceil((4 * maxMessageSize) / MIB)}MiB`;
    mistakes.push(`${label('maxCallMemory')}: must be at least ${min}, four times max-message-size`);
  }
  if (values.pollFast > values.pollSlow) {
    mistakes.push(`${label('pollFast')}: must not be longer than ${label('pollSlow')}`);
  }
  if (values.processes > 1 && values.databaseUrl.engine === 'sqlite') {
    mistakes.push(`${label('processes')}: must be 1 on SQLite, which serves one process only`);
  }
  if (mistakes.length > 0) throw new SettingsError(mistakes);

  return deepFreeze({
    host: values.host,
    port: values.port,
    processes: values.processes,
    database: databaseOf(values),
    migrate: values.migrate === 'true',
    tokens: { full: values.token, readOnly: values.readToken },
    limits,
    acceptCompressed: values.acceptCompressed === 'true',
    retention: { afterFinish: values.retention === null ? null : micros(values.retention) },
    cacheBytes: values.cacheSize,
    changeLogRetention: micros(values.changeLogRetention),
    watch: {
      pollFastMs: values.pollFast,
      pollSlowMs: values.pollSlow,
      rereadMs: values.rereadInterval,
      maxAgeMs: values.watchMaxAge,
    },
    callTimeoutMs: values.callTimeout,
    keepalive: { timeMs: values.keepaliveTime, timeoutMs: values.keepaliveTimeout },
    shutdownGraceMs: values.shutdownGrace,
    logLevel: values.logLevel,
  });
}

/** Reads the database alone, for commands that start no server. Throws SettingsError. */
export function readDatabase(flags: Flags, environment: Environment): Database {
  return databaseOf(readSettings(['databaseUrl', 'poolSize'], flags, environment));
}

/** Variables that look like ours and mean nothing: most likely typos. */
export function unknownVariables(environment: Environment): string[] {
  const known = new Set(ALL.map((name) => SETTINGS[name].env));
  return Object.keys(environment).filter(
    (name) => name.startsWith('TASKRESULTS_') && !known.has(name) && !NOT_OURS.test(name),
  );
}

/** Variables of the client commands and the tests, and those that Kubernetes sets for a Service named taskresults. */
const NOT_OURS = /^TASKRESULTS_(SERVER$|TLS$|CA$|DEBUG$|TEST_|SERVICE_|PORT_\d)/;

function databaseOf({ databaseUrl, poolSize }: Pick<Values, 'databaseUrl' | 'poolSize'>): Database {
  return databaseUrl.engine === 'mysql' ? { ...databaseUrl, poolSize } : databaseUrl;
}

function micros(milliseconds: number): Micros {
  return milliseconds * 1_000;
}

function deepFreeze<T extends object>(object: T): T {
  for (const value of Object.values(object)) if (typeof value === 'object' && value !== null) deepFreeze(value);
  return Object.freeze(object);
}
