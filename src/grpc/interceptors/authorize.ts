import { hash, timingSafeEqual } from 'node:crypto';
import { TaskResultsError } from '../../domain/errors';
import type { Authorize } from '../handlers';

export interface Tokens {
  /** Good for everything. */
  full: string | null;
  /** Good for reading. */
  readOnly: string | null;
}

/** Who may call: `authorization: Bearer <token>`. With no token configured, everybody. */
export function authorizeWith(tokens: Tokens, access: 'read' | 'write'): Authorize {
  if (tokens.full === null && tokens.readOnly === null) return () => {};
  return ({ metadata }) => {
    const [header] = metadata.get('authorization');
    const token = /^Bearer (.+)$/i.exec(String(header ?? ''))?.[1];
    if (token === undefined) throw new TaskResultsError('UNAUTHENTICATED', 'a bearer token is required');
    if (same(token, tokens.full)) return;
    if (!same(token, tokens.readOnly)) throw new TaskResultsError('UNAUTHENTICATED', 'the bearer token is not known');
    if (access === 'write')
      throw new TaskResultsError('PERMISSION_DENIED', 'the bearer token is good for reading only');
  };
}

/** Takes as long for a wrong token as for the right one. */
function same(given: string, expected: string | null): boolean {
  return expected !== null && timingSafeEqual(digest(given), digest(expected));
}

function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
