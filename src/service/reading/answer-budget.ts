import { MAX_ANSWER_SIZE, MAX_BASIC_ERROR_MESSAGE_SIZE, MAX_ERRORS_SIZE } from '../../domain/limits';
import type { Outline } from '../../domain/store';
import type { View } from '../../domain/task-result';

/** About as many bytes as a result without its texts. */
const FRAME_BYTES = 512;

/** The most that BASIC shows of errors: the newest, with its message and its names. */
const MAX_BASIC_ERROR_SIZE = 2 * MAX_BASIC_ERROR_MESSAGE_SIZE;

/** Bytes of payload and errors that each of `count` results may have, so that all of them fit into one answer. */
export function evenShare(count: number): number {
  return Math.floor(MAX_ANSWER_SIZE / count) - FRAME_BYTES;
}

/** How many of `outlines`, from the first on, fit into `budget` bytes when they are read whole; one in any case. */
export function countThatFit(outlines: readonly Outline[], view: View, budget: number): number {
  let bytes = 0;
  const first = outlines.findIndex((outline) => {
    bytes += FRAME_BYTES + shownBytes(outline, view);
    return bytes > budget;
  });
  return first === -1 ? outlines.length : Math.max(1, first);
}

function shownBytes({ errorBytes, payloadBytes }: Outline, view: View): number {
  if (view === 'BASIC') return Math.min(errorBytes, MAX_BASIC_ERROR_SIZE);
  return Math.min(errorBytes, MAX_ERRORS_SIZE) + payloadBytes;
}
