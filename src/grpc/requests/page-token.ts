import { hash } from 'node:crypto';
import { invalidField } from '../../domain/errors';
import type { Filter } from '../../domain/filter';
import type { Position } from '../../domain/store';

/** A page token says where the next page begins. It is sealed together with the filter that it was made for. */
export function toPageToken(position: Position | null, filter: Filter): string {
  if (position === null) return '';
  const place = JSON.stringify([position.enqueuedAt, position.id]);
  return Buffer.from(`${seal(place, filter)}${place}`).toString('base64url');
}

/** Null for the first page. Throws INVALID_FIELD for a token that was not made here, or for another filter. */
export function fromPageToken(token: string, filter: Filter): Position | null {
  if (token === '') return null;
  const bytes = Buffer.from(token, 'base64url');
  const text = bytes.toString();
  const [sealed, place] = [text.slice(0, SEAL_LENGTH), text.slice(SEAL_LENGTH)];
  // Decoding skips what is no base64url, so only a token that is encoded to the same text again was made here.
  const intact = bytes.toString('base64url') === token && sealed === seal(place, filter);
  if (!intact) throw invalidField('page_token', 'is no token of a page with this filter');
  const [enqueuedAt, id] = JSON.parse(place) as [number, string];
  return { enqueuedAt, id };
}

const SEAL_LENGTH = 16;

/** Guards against mistakes, not against forgery: whoever may list may begin anywhere. */
function seal(place: string, filter: Filter): string {
  const labels = Object.entries(filter.metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  return hash('sha256', JSON.stringify([place, { ...filter, metadata: labels }]), 'hex').slice(0, SEAL_LENGTH);
}
