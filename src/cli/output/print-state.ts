import type { TaskState } from '@taskresults/client';
import { printJson } from './json';
import { printable } from './printable';
import { stateLine } from './task-result-text';

/** Prints the state that a transition leaves behind. */
export function printState(state: TaskState, { json }: { json?: boolean }): void {
  if (json) printJson(state);
  else console.log(printable(stateLine(state)));
}
