import { MAX_ANSWER_SIZE } from '../../domain/limits';
import type { Outline } from '../../domain/store';
import type { View } from '../../domain/task-result';

/** About as many bytes as a result without its texts. */
const FRAME_BYTES = 512;

/** Bytes of payload and errors that each of `count` results may have, so that all of them fit into one answer. */
export function evenShare(count: number): number {
  return Math.floor(MAX_ANSWER_SIZE / count) - FRAME_BYTES;
}

/** How many of `outlines`, from the first on, fit into `budget` bytes when they are read whole; one in any case. */
export function countThatFit(outlines: readonly Outline[], view: View, budget: number): number {
  let bytes = 0;
  const first = outlines.findIndex((outline) => {
    bytes += FRAME_BYTES + outline.errorBytes + (view === 'FULL' ? outline.payloadBytes : 0);
    return bytes > budget;
  });
  return first === -1 ? outlines.length : Math.max(1, first);
}
