import type { Outline } from '../../domain/store';
import type { TaskResult, View } from '../../domain/task-result';
import { isSameVersion, type Version } from '../../domain/version';
import { countThatFit } from '../reading/answer-budget';

/** What one turn reads at most, beyond the first result: it is held while the reader of the stream is slow. */
const TURN_BYTES = 256 * 1024;

/** Where turns read from. */
export interface TurnReader {
  read(id: string, view: View): Promise<TaskResult | null>;
  outline(id: string): Promise<Outline | null>;
}

/** What a turn found out. Ids in none of the parts did not fit and are to be asked for again. */
export interface Turn {
  /** Results with another version than the known one, whole. */
  results: TaskResult[];
  /** Results with the known version. */
  unchanged: Outline[];
  /** Ids that no result has. */
  absent: string[];
}

/** Looks at `ids`, and reads those whole that have another version than `known` says, as many as fit in one turn. */
export async function takeTurn(
  reader: TurnReader,
  ids: readonly string[],
  known: (id: string) => Version,
  view: View,
): Promise<Turn> {
  const turn: Turn = { results: [], unchanged: [], absent: [] };
  // One id: mostly something that has just changed. It is read at once, and its size does not matter.
  const newer = ids.length === 1 ? ids : await sortOut(reader, ids, known, view, turn);
  const results = await Promise.all(newer.map((id) => reader.read(id, view)));
  newer.forEach((id, i) => {
    const result = results[i];
    if (!result) turn.absent.push(id);
    else turn.results.push(result);
  });
  return turn;
}

async function sortOut(
  reader: TurnReader,
  ids: readonly string[],
  known: (id: string) => Version,
  view: View,
  turn: Turn,
): Promise<string[]> {
  const newer: Outline[] = [];
  const outlines = await Promise.all(ids.map((id) => reader.outline(id)));
  ids.forEach((id, i) => {
    const outline = outlines[i];
    if (!outline) turn.absent.push(id);
    else if (isSameVersion(outline, known(id))) turn.unchanged.push(outline);
    else newer.push(outline);
  });
  return newer.slice(0, countThatFit(newer, view, TURN_BYTES)).map(({ id }) => id);
}
