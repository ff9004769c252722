import type { TaskResultChanges, TaskResultFields } from '@taskresults/client';

/**
 * What `--json` prints. JSON payloads stay texts within it, so that no program that reads them rounds their numbers.
 * What is unset is null. Times are exact to the microsecond.
 */

export function printJson(value: object): void {
  console.log(JSON.stringify(value));
}

export function taskResultJson(result: TaskResultFields) {
  const { id, task, argsJson, kwargsJson, backend } = result;
  const { path, priority, queueName, runAfter, takesContext } = task;
  return {
    id,
    task: { path, priority, queueName, runAfter, takesContext },
    argsJson: argsJson ?? '',
    kwargsJson: kwargsJson ?? '',
    backend,
    enqueuedAt: result.enqueuedAt,
    maxAttempts: result.maxAttempts,
    ...changesJson(result),
  };
}

/** The fields that can change. */
export function changesJson(changes: TaskResultChanges) {
  const { status, startedAt, lastAttemptedAt, finishedAt } = changes;
  const { attempts, errorCount, errors, workerIds, returnValueJson, metadata, incarnation, revision, expiresAt } =
    changes;
  return {
    status,
    startedAt,
    lastAttemptedAt,
    finishedAt,
    attempts,
    errorCount,
    errors,
    workerIds,
    returnValueJson,
    metadata,
    incarnation,
    revision,
    expiresAt,
  };
}
