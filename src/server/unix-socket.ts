import { lstat, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { Failure } from './failure';

/**
 * Makes way for a server on a Unix socket: removes the file that a server left when it was killed. One that another
 * server listens on stays, and so does whatever is no socket.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (found === null) return;
  if (!found.isSocket()) throw new Failure(`${path} is there already, and is no socket`);
  // Only this says that nobody listens. A server that is too busy to accept is another matter.
  if ((await errorOfConnecting(path)) === 'ECONNREFUSED') await rm(path, { force: true });
}

function errorOfConnecting(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path)
      .once('connect', () => {
        socket.destroy();
        resolve(undefined);
      })
      .once('error', ({ code }: NodeJS.ErrnoException) => resolve(code));
  });
}
