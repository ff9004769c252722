import { hash, timingSafeEqual } from 'node:crypto';
import type { Metadata } from '@grpc/grpc-js';
import { TaskResultsError } from '../../domain/errors';
import type { Interceptor } from './interceptor';

export interface Tokens {
  /** Good for everything. */
  full: string | null;
  /** Good for reading. */
  readOnly: string | null;
}

/**
 * Lets those call who show a token that is good for `wanted`: `authorization: Bearer <token>`. With no token
 * configured, everybody. Others get UNAUTHENTICATED or PERMISSION_DENIED.
 */
export function access(tokens: Tokens, wanted: 'read' | 'write'): Interceptor {
  if (tokens.full === null && tokens.readOnly === null) return (_call, next) => next();
  return (call, next) => {
    authorize(call.metadata, tokens, wanted);
    return next();
  };
}

function authorize(metadata: Metadata, tokens: Tokens, wanted: 'read' | 'write'): void {
  const [header] = metadata.get('authorization');
  const token = /^Bearer (.+)$/i.exec(String(header ?? ''))?.[1];
  if (token === undefined) throw new TaskResultsError('UNAUTHENTICATED', 'a bearer token is required');
  if (same(token, tokens.full)) return;
  if (!same(token, tokens.readOnly)) throw new TaskResultsError('UNAUTHENTICATED', 'the bearer token is not known');
  if (wanted === 'write') throw new TaskResultsError('PERMISSION_DENIED', 'the bearer token is good for reading only');
}

/** Takes as long for a wrong token as for the right one. */
function same(given: string, expected: string | null): boolean {
  return expected !== null && timingSafeEqual(digest(given), digest(expected));
}

function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
