import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../../src/cli/client';
import type { FinishAttemptRequest } from '../../src/gen/taskresults/v1/task_lifecycle_service';
import { TaskError } from '../../src/gen/taskresults/v1/task_result';
import { TASKS } from './tasks';

/** What a message queue would carry. */
export interface Message {
  id: string;
  path: string;
  file: string;
  attemptsAllowed: number;
}

const LEASE = { seconds: 30n, nanos: 0 };
/** Slow enough to be seen. */
const PACE_MS = 150;

/** Runs tasks from the queue until it is empty, and reports each attempt. */
export async function runWorker(client: Client, workerId: string, queue: Message[]): Promise<void> {
  for (let message = queue.shift(); message !== undefined; message = queue.shift()) {
    const { id } = message;
    const start = { id, workerId, lease: LEASE, force: false };
    const { attempt } = await client.write(client.lifecycle.startAttempt, start);
    await delay(PACE_MS);
    const outcome = await attemptTask(message, attempt);
    await client.write(client.lifecycle.finishAttempt, { id, attempt, outcome });
    if (outcome?.$case === 'failed' && outcome.value.retry) queue.push(message);
  }
}

async function attemptTask(message: Message, attempt: number): Promise<FinishAttemptRequest['outcome']> {
  const { path, file, attemptsAllowed } = message;
  try {
    const task = TASKS[path];
    if (task === undefined) throw new Error(`there is no task ${path}`);
    const returnValueJson = JSON.stringify(await task(file, attempt));
    return { $case: 'succeeded', value: { returnValueJson } };
  } catch (error) {
    return { $case: 'failed', value: { error: describe(error), retry: attempt < attemptsAllowed } };
  }
}

function describe(thrown: unknown): TaskError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  return TaskError.create({ exceptionClassPath: error.name, message: error.message, traceback: error.stack });
}
