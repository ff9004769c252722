import type { Outline } from '../domain/store';
import type { ResultRow } from './rows';

/** The columns that an outline is made of, and nothing else. */
export const OUTLINE: readonly (keyof ResultRow & keyof Outline)[] = [
  'id',
  'enqueuedAt',
  'status',
  'incarnation',
  'revision',
  'payloadBytes',
  'errorBytes',
];
