import type { Http2Server, IncomingHttpHeaders } from 'node:http2';
import type { Server } from '@grpc/grpc-js';

/** A timer of Node takes no more. */
const MAX_TIMER_MS = 2 ** 31 - 1;

const UNITS_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 0.001, n: 0.000_001 };

/**
 * A deadline that is further away than a timer can be set is left to the caller, who keeps it anyway. grpc-js would
 * take it for a 32-bit number, which may be negative, and end the call at once though it takes effect. It offers no
 * place before it reads the header, so this listens in front of it. To be called once the server is bound.
 */
export function leaveLongDeadlinesToCallers(server: Server): void {
  const { http2Servers } = server as unknown as { http2Servers: ReadonlyMap<Http2Server, unknown> };
  for (const http2Server of http2Servers.keys()) {
    http2Server.prependListener('stream', (_stream, headers) => leaveOut(headers));
  }
}

function leaveOut(headers: IncomingHttpHeaders): void {
  const [, amount, unit = ''] = /(\d{1,8})\s*([HMSmun])/.exec(String(headers['grpc-timeout'] ?? '')) ?? [];
  if (Number(amount) * (UNITS_MS[unit] ?? 0) > MAX_TIMER_MS) delete headers['grpc-timeout'];
}
