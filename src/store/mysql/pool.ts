import { createPool, type Pool, type PoolConnection, type PoolOptions } from 'mysql2';

/**
 * A pool that hands out no connection before `setUp` has called back for it, and destroys those for which it fails. The
 * driver's event 'connection' would not do: a statement that its listener queues does run first, but when it fails the
 * next one runs all the same.
 */
export function createSetUpPool(
  options: PoolOptions,
  setUp: (connection: PoolConnection, done: (error: Error | null) => void) => void,
): Pool {
  const pool = createPool(options);
  const ready = new WeakSet<PoolConnection>();
  const getConnection = pool.getConnection.bind(pool);
  // The pool's own `query` and `execute` come through here as well.
  pool.getConnection = (callback) =>
    getConnection((error, connection) => {
      if (error || ready.has(connection)) return callback(error, connection);
      // Whoever uses the connection learns of its end. The driver may emit it once more, when nobody listens.
      connection.on('error', () => {});
      setUp(connection, (mistake) => {
        if (mistake) {
          connection.destroy();
          return callback(mistake, connection);
        }
        ready.add(connection);
        callback(null, connection);
      });
    });
  return pool;
}
