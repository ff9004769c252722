import { hash, timingSafeEqual } from 'node:crypto';
import { TaskResultsError } from '../../domain/errors';

export interface Tokens {
  /** Good for everything. */
  full: string | null;
  /** Good for reading. */
  readOnly: string | null;
}

/**
 * Whether the token of a call, `Bearer <token>`, is good for reading or writing. With no token configured, everything
 * is. Throws UNAUTHENTICATED or PERMISSION_DENIED.
 */
export function authorize(authorization: string | undefined, tokens: Tokens, wanted: 'read' | 'write'): void {
  if (tokens.full === null && tokens.readOnly === null) return;
  const token = /^Bearer (.+)$/i.exec(authorization?.trim() ?? '')?.[1];
  if (token === undefined) throw new TaskResultsError('UNAUTHENTICATED', 'a bearer token is required');
  if (same(token, tokens.full)) return;
  if (!same(token, tokens.readOnly)) throw new TaskResultsError('UNAUTHENTICATED', 'the bearer token is not known');
  if (wanted === 'write') throw new TaskResultsError('PERMISSION_DENIED', 'the bearer token is good for reading only');
}

/** Whether the caller shows a good token, or nobody needs one. */
export function isKnown(authorization: string | undefined, tokens: Tokens): boolean {
  try {
    authorize(authorization, tokens, 'read');
    return true;
  } catch {
    return false;
  }
}

/** Takes as long for a wrong token as for the right one. */
function same(given: string, expected: string | null): boolean {
  return expected !== null && timingSafeEqual(digest(given), digest(expected));
}

function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
