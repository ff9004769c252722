import type { TaskResultState } from '../gen/taskresults/v1/task_lifecycle_service';
import { printJson, stateJson } from './json';
import { printable } from './printable';
import { stateLine } from './task-result-text';

/** Prints the state that every transition answers. */
export function printState(state: TaskResultState | undefined, { json }: { json?: boolean }): void {
  if (state === undefined) throw new Error('the server answered no state');
  if (json) printJson(stateJson(state));
  else console.log(printable(stateLine(state)));
}
