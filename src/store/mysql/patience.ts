import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { PoolConnection } from 'mysql2';
import { STATEMENT_MS } from './bounds';

/** Where a connection's statements may take another time than usual. */
const limits = new WeakMap<PoolConnection, number>();

/** What is sent on this connection from now on may take `ms` each. Infinity: as long as it likes. */
export function limitStatements(connection: PoolConnection, ms: number): void {
  limits.set(connection, ms);
}

/**
 * From now on, the connection is destroyed when a statement takes longer than its limit. The driver's own option
 * `timeout` would leave the connection as it is, waiting for the answer.
 */
export function boundStatements(connection: PoolConnection): void {
  const methods = connection as unknown as Record<'query' | 'execute', (...given: unknown[]) => EventEmitter>;
  for (const name of ['query', 'execute'] as const) {
    const send = methods[name].bind(connection);
    methods[name] = (...given) => {
      const command = send(...given);
      return command.once('end', expectAnswer(connection, limits.get(connection) ?? STATEMENT_MS));
    };
  }
}

/** Destroys the connection unless the function that it returns is called within `ms`. */
export function expectAnswer(connection: PoolConnection, ms: number): () => void {
  if (ms === Number.POSITIVE_INFINITY) return () => {};
  let isAnswered = false;
  // When the process was suspended, the answer may be there and not read yet: what has arrived is read first.
  const giveUp = () => setImmediate(() => isAnswered || destroySilent(connection));
  const timer = setTimeout(giveUp, ms).unref();
  return () => {
    isAnswered = true;
    clearTimeout(timer);
  };
}

/** Destroys a connection that does not answer: at once, and with an error for all that wait for it. */
export function destroySilent(connection: PoolConnection): void {
  const error = Object.assign(new Error('the database does not answer'), { code: 'PROTOCOL_SEQUENCE_TIMEOUT' });
  socketOf(connection).destroy(error);
}

/** Whether it has ended, or is ending: nothing can be sent on it any more. */
export function isDead(connection: PoolConnection): boolean {
  return !socketOf(connection).writable;
}

export function socketOf(connection: PoolConnection): Socket {
  return (connection as unknown as { stream: Socket }).stream;
}
