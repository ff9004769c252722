import type { ServerOptions } from 'node:http2';
import type { Server } from '@grpc/grpc-js';

/** In a burst on one connection: five times the watches that a server allows by default, ended by their clients at once. */
const MAX_RESETS = 100_000;

/** More than the calls that a process answers. */
const MAX_RESETS_PER_SECOND = 10_000;

/**
 * Each call that its client cancels, or whose deadline passes, resets a stream. Node.js by itself closes a connection,
 * the other calls on it included, at more than 1,000 resets, of which it forgets 33 a second. Before 22.10 Node.js
 * ignores these options. grpc-js takes none of its own for them. To be called before the server is bound. Why:
 * docs/decisions/stream-resets.md.
 */
export function allowManyResets(server: Server): void {
  const { commonServerOptions } = server as unknown as { commonServerOptions: ServerOptions & ResetOptions };
  commonServerOptions.streamResetBurst = MAX_RESETS;
  commonServerOptions.streamResetRate = MAX_RESETS_PER_SECOND;
}

/** The types of Node.js 20 do not have them. */
interface ResetOptions {
  streamResetBurst?: number;
  streamResetRate?: number;
}
