import { ChildServer } from './child-server';
import { temporaryDatabase } from './engines';

/** What every attack must leave: some memory free, and health checks that are answered. */
export const MAX_RESIDENT_MB = 1_000;
export const MAX_LEFT_MB = 100;
/** A busy machine may take ten times as long as an idle one, which answers within a second. */
export const MAX_HEALTH_CHECK_MS = 10_000;

/** What the first line of the program and `npm start` set. */
const AS_SHIPPED = {
  NODE_OPTIONS: '--max-semi-space-size=32',
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '131072',
};

export const TOKEN = 'secret';

/** `few` in every run, `many` in the long one. */
export function times(few: number, many: number): number {
  return process.env.TASKRESULTS_TEST_LONG_FAULTS === '1' ? many : few;
}

/** Runs `use` with a server process of its own, as it is shipped, on a database of its own. */
export async function withServer(
  use: (server: ChildServer) => Promise<void>,
  { flags = [], token }: { flags?: readonly string[]; token?: string } = {},
): Promise<void> {
  const { database, drop } = await temporaryDatabase('mysql');
  if (database.engine !== 'mysql') throw new Error('not the engine that was asked for');
  const environment = { ...AS_SHIPPED, ...(token ? { TASKRESULTS_TOKEN: token } : {}) };
  const server = await ChildServer.start(database.url, 0, ['--migrate', ...flags], environment);
  try {
    await use(server);
  } finally {
    await server.end('SIGKILL');
    await drop();
  }
}
