import { createPool, type Pool, type PoolConnection, type PoolOptions } from 'mysql2';
import { CLOSE_MS, PING_EVERY_MS, PING_MS, WAIT_MS } from './bounds';
import { boundStatements, destroySilent, expectAnswer, isDead, socketOf } from './patience';

type Callback = Parameters<Pool['getConnection']>[0];
type SetUp = (connection: PoolConnection, done: (error: Error | null) => void) => void;

/**
 * A pool none of whose users waits for ever, whatever becomes of the database or of the link to it. It hands out no
 * connection before `setUp` has called back for it, and destroys those for which it fails.
 */
export function createBoundedPool(options: PoolOptions, setUp: SetUp): Pool {
  const pool = createPool(options);
  pool.on('connection', (connection) => {
    // Whoever uses the connection learns of its end. The driver may emit it once more, when nobody listens.
    connection.on('error', () => {});
    boundStatements(connection);
  });
  handOutSetUp(pool, setUp);
  boundWaiting(pool);
  const stopProbing = probeIdle(pool);
  boundClosing(pool, stopProbing);
  return pool;
}

/**
 * The driver's event 'connection' would not do: a statement that its listener queues does run first, but when it fails
 * the next one runs all the same.
 */
function handOutSetUp(pool: Pool, setUp: SetUp): void {
  const ready = new WeakSet<PoolConnection>();
  const getConnection = pool.getConnection.bind(pool);
  const handOut = (callback: Callback) =>
    getConnection((error, connection) => {
      if (error) return callback(error, connection);
      // Whoever is told that it died may give it back before the driver has taken it out of the pool.
      if (isDead(connection)) return handOut(callback);
      if (ready.has(connection)) return callback(null, connection);
      setUp(connection, (mistake) => {
        if (mistake) {
          connection.destroy();
          return callback(mistake, connection);
        }
        ready.add(connection);
        callback(null, connection);
      });
    });
  // The pool's own `query` and `execute` come through here as well.
  pool.getConnection = handOut;
}

/** Whoever has waited too long gets an error. The connection that comes later goes to others. */
function boundWaiting(pool: Pool): void {
  const getConnection = pool.getConnection.bind(pool);
  pool.getConnection = (callback) => {
    let isWaiting = true;
    const timer = setTimeout(() => {
      isWaiting = false;
      const error = Object.assign(new Error('no connection could be had in time'), { code: 'POOL_TIMEOUT' });
      (callback as (error: Error) => void)(error);
    }, WAIT_MS);
    getConnection(((error, connection) => {
      clearTimeout(timer);
      if (isWaiting) callback(error, connection);
      else if (!error) connection.release();
    }) as Callback);
  };
}

/** A statement: a proxy may answer the protocol's own ping by itself, while the session behind it falls silent and ends. */
const PING = 'DO 0';

/**
 * Pings all idle connections, so that those that have died without a word are found before somebody needs them. They
 * are found together: mostly it is the link that has died. The pings also keep their sessions from ending. Returns what
 * stops it.
 */
function probeIdle(pool: Pool): () => void {
  const idle = new Set<PoolConnection>();
  pool.on('connection', (connection) => socketOf(connection).once('close', () => idle.delete(connection)));
  pool.on('acquire', (connection) => idle.delete(connection));
  pool.on('release', (connection) => idle.add(connection));
  const timer = setInterval(() => {
    for (const connection of idle) connection.query(PING, expectAnswer(connection, PING_MS));
  }, PING_EVERY_MS).unref();
  return () => clearInterval(timer);
}

/** What is still under way when the time is over fails, and no socket keeps the process from ending. */
function boundClosing(pool: Pool, stopProbing: () => void): void {
  const open = new Set<PoolConnection>();
  pool.on('connection', (connection) => {
    open.add(connection);
    socketOf(connection).once('close', () => open.delete(connection));
  });
  const end = pool.end.bind(pool);
  pool.end = (callback) => {
    stopProbing();
    setTimeout(() => {
      for (const connection of open) destroySilent(connection);
    }, CLOSE_MS).unref();
    end(() => callback?.(null));
  };
}
