import { setTimeout as delay } from 'node:timers/promises';
import type { RunContext, TaskResults } from '@taskresults/client';
import { TASKS } from './tasks';

/** What a message queue would carry. */
export interface Message {
  id: string;
  attemptsAllowed: number;
}

/** Slow enough to be seen. */
const PACE_MS = 150;

/** Runs tasks from the queue until it is empty, and reports each attempt. */
export async function runWorker(client: TaskResults, workerId: string, queue: Message[]): Promise<void> {
  for (let message = queue.shift(); message !== undefined; message = queue.shift()) {
    const { id, attemptsAllowed } = message;
    const retry = (_error: unknown, attempt: number) => attempt < attemptsAllowed;
    // What a task throws is reported; here, a result that waits for another attempt goes back into the queue.
    const result = await client.run(id, workerId, attemptTask, { retry }).catch(() => client.get(id));
    if (!result.isFinished) queue.push(message);
  }
}

async function attemptTask({ result, attempt }: RunContext): Promise<unknown> {
  await delay(PACE_MS);
  const task = TASKS[result.task.path];
  if (task === undefined) throw new Error(`there is no task ${result.task.path}`);
  return task(result.args[0] as string, attempt);
}
