import type { Connection, PoolConnection, QueryError, RowDataPacket } from 'mysql2';
import { UnusableDatabase } from '../unusable-database';
import { SERVER_SILENCE_S, SERVER_STATEMENT_S } from './bounds';

/** docs/decisions/database-sessions.md says what each of these is for. */
const REQUIRED: Readonly<Record<string, string | number | bigint>> = {
  sql_mode: 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION',
  autocommit: 'ON',
  time_zone: '+00:00',
  sql_select_limit: 18_446_744_073_709_551_615n,
};

/** The same for variables that some engines do not show, since they change nothing there. */
const REQUIRED_WHERE_SHOWN: Readonly<Record<string, string | number>> = {
  completion_type: 'NO_CHAIN',
  default_storage_engine: 'InnoDB',
  innodb_lock_wait_timeout: 1,
  lock_wait_timeout: 30,
  net_read_timeout: SERVER_SILENCE_S,
  net_write_timeout: SERVER_SILENCE_S,
  wait_timeout: SERVER_SILENCE_S,
};

const COLLATION = 'utf8mb4_bin';

/** What SET NAMES sets. */
const NAMES = {
  character_set_client: 'utf8mb4',
  character_set_connection: 'utf8mb4',
  character_set_results: 'utf8mb4',
  collation_connection: COLLATION,
};

/** One or the other, as the engine calls it. */
const ISOLATION_NAMES = ['transaction_isolation', 'tx_isolation'];
/** Without gap locks: two replicas that create different ids never wait for each other. */
const ISOLATION = 'READ-COMMITTED';

const PACKET = 'max_allowed_packet';

/**
 * The end of a SET statement: how long a statement may run. MariaDB and MySQL have a variable each, the latter for
 * reads alone; to the other one it is a comment.
 */
function statementLimit(mariadbSeconds: string | number, mysqlMs: string | number): string {
  return (
    ` /*M!100101 , SESSION max_statement_time = ${mariadbSeconds} */` +
    ` /*!50708 , SESSION max_execution_time = ${mysqlMs} */`
  );
}

/** A limit of the administrator's that is lower stays. Zero is none. */
const SERVER_LIMIT = statementLimit(
  `IF(@@max_statement_time > 0, LEAST(@@max_statement_time, ${SERVER_STATEMENT_S}), ${SERVER_STATEMENT_S})`,
  // MySQL takes nothing but an integer, and a number that it has compared is none.
  `CAST(IF(@@max_execution_time > 0, LEAST(@@max_execution_time, ${SERVER_STATEMENT_S}000), ${SERVER_STATEMENT_S}000)` +
    ' AS UNSIGNED)',
);

/** For a session that migrates. */
export const LIFT_SERVER_LIMIT = `SET SESSION lock_wait_timeout = 30${statementLimit(0, 0)}`;

/** Sets everything and asks what came of it, in one round trip. Nothing in it needs to be escaped. */
const SET_UP = [
  `SET NAMES utf8mb4 COLLATE ${COLLATION}, ${assignments({ ...REQUIRED, ...REQUIRED_WHERE_SHOWN })}${SERVER_LIMIT}`,
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  `SHOW SESSION VARIABLES WHERE Variable_name IN (${[
    ...Object.keys({ ...NAMES, ...REQUIRED, ...REQUIRED_WHERE_SHOWN }),
    ...ISOLATION_NAMES,
    PACKET,
  ]
    .map((name) => `'${name}'`)
    .join(', ')})`,
].join('; ');

/** For lists of ids, and for all rows but those with callers' long texts. */
const MIN_PACKET_BYTES = 1024 * 1024;

/** Escaping doubles what it escapes. */
const ESCAPED_BYTES = 2;

const packetBytes = new WeakMap<Connection, number>();

/** Longest packet that the server takes on a connection that has been set up. */
export function maxPacketBytes(connection: Connection): number {
  return packetBytes.get(connection) ?? MIN_PACKET_BYTES;
}

/**
 * Gives a new connection the settings that the service relies on, whatever those of the server are. Calls back with an
 * error, and then the connection must not be used, when the session has others all the same, or when its packets cannot
 * hold a row with `maxRowBytes` of text.
 */
export function setUpSession(
  connection: PoolConnection,
  maxRowBytes: number,
  done: (error: QueryError | UnusableDatabase | null) => void,
): void {
  connection.query(SET_UP, (error: QueryError | null, results: unknown) => {
    if (error) return done(error);
    const rows = (results as unknown[]).at(-1) as RowDataPacket[];
    const shown = new Map(rows.map(({ Variable_name, Value }) => [String(Variable_name), String(Value)]));
    const bytes = Number(shown.get(PACKET));
    packetBytes.set(connection, bytes);
    const mistake = settingMistake(shown) ?? packetMistake(bytes, maxRowBytes);
    done(mistake === null ? null : new UnusableDatabase(mistake));
  });
}

function assignments(settings: Readonly<Record<string, string | number | bigint>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `SESSION ${name} = ${typeof value === 'string' ? `'${value}'` : value}`)
    .join(', ');
}

/** What keeps a session with these variables from being used. */
function settingMistake(shown: ReadonlyMap<string, string>): string | null {
  const isolation = ISOLATION_NAMES.find((name) => shown.has(name)) ?? 'transaction_isolation';
  const wanted = { ...NAMES, ...REQUIRED, ...REQUIRED_WHERE_SHOWN, [isolation]: ISOLATION };
  for (const [name, value] of Object.entries(wanted)) {
    const has = shown.get(name);
    if (has === undefined && name in REQUIRED_WHERE_SHOWN) continue;
    if (has === undefined || !isSame(has, String(value))) {
      const kept = `a session of the database has ${name} = '${has ?? ''}' though '${value}' was set`;
      return `${kept}: is there a proxy in between?`;
    }
  }
  return null;
}

/** Modes come in any order. */
function isSame(has: string, wanted: string): boolean {
  const sorted = (list: string) => list.split(',').sort().join();
  return sorted(has) === sorted(wanted);
}

function packetMistake(bytes: number, maxRowBytes: number): string | null {
  const needed = Math.max(MIN_PACKET_BYTES, ESCAPED_BYTES * maxRowBytes);
  if (bytes >= needed) return null;
  const hint = needed > MIN_PACKET_BYTES ? ', or lower --max-json-size and --max-traceback-size' : '';
  return `the database takes packets of ${bytes} bytes, and this server needs ${needed}: raise its ${PACKET}${hint}`;
}
