import { hash } from 'node:crypto';
import { invalidField } from '../../domain/errors';
import type { Filter } from '../../domain/filter';
import { MAX_ID_LENGTH } from '../../domain/limits';
import type { Position } from '../../domain/store';

/**
 * A page token holds where the next page begins: a seal, the time in microseconds as 8 bytes, and the id in UTF-8. Every
 * replica takes it, also after a restart.
 */
export function toPageToken(position: Position | null, filter: Filter): string {
  if (position === null) return '';
  const time = Buffer.alloc(TIME_BYTES);
  time.writeBigUInt64BE(BigInt(position.enqueuedAt));
  return Buffer.concat([seal(position, filter), time, Buffer.from(position.id)]).toString('base64url');
}

/**
 * Null for the first page. Throws INVALID_FIELD for a token that was not made here, or for another filter. Whoever knows
 * how the seal is made can make a token: it then holds a time and an id such as a result may have, and nothing else.
 */
export function fromPageToken(token: string, filter: Filter): Position | null {
  if (token === '') return null;
  const position = positionIn(Buffer.from(token, 'base64url'));
  // Bytes that are no UTF-8 are replaced when they are read, and what is no base64url is skipped: only a token that
  // comes out the same again was made here.
  if (position === null || toPageToken(position, filter) !== token) {
    throw invalidField('page_token', 'is no token of a page with this filter');
  }
  return position;
}

const SEAL_BYTES = 8;
const TIME_BYTES = 8;
const ID_AT = SEAL_BYTES + TIME_BYTES;
/** A character takes at most four bytes of UTF-8. */
const MAX_ID_BYTES = 4 * MAX_ID_LENGTH;

/** Null unless the time is a safe integer and the id has a length that ids may have. */
function positionIn(bytes: Buffer): Position | null {
  if (bytes.length <= ID_AT || bytes.length > ID_AT + MAX_ID_BYTES) return null;
  const enqueuedAt = Number(bytes.readBigUInt64BE(SEAL_BYTES));
  const id = bytes.toString('utf8', ID_AT);
  return Number.isSafeInteger(enqueuedAt) && [...id].length <= MAX_ID_LENGTH ? { enqueuedAt, id } : null;
}

/** Against mistakes, not against forgery: whoever may list may begin anywhere. */
function seal({ enqueuedAt, id }: Position, filter: Filter): Buffer {
  const labels = Object.entries(filter.metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  const sealed = JSON.stringify([enqueuedAt, id, { ...filter, metadata: labels }]);
  return hash('sha256', sealed, 'buffer').subarray(0, SEAL_BYTES);
}
