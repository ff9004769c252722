import { losslessJson, type TaskResult, TaskResultsError } from '@taskresults/client';

/** A handle as the protocol writes it. Dates become texts with six digits of a second. */
export function describeHandle(handle: TaskResult): object {
  const { task, argsJson, kwargsJson, returnValueJson } = handle;
  return {
    id: handle.id,
    status: handle.status,
    backend: handle.backend,
    incarnation: handle.incarnation,
    revision: handle.revision,
    metadata: handle.metadata,
    task: {
      path: task.path,
      priority: task.priority,
      queue_name: task.queueName,
      run_after: task.runAfter,
      takes_context: task.takesContext,
    },
    enqueued_at: handle.enqueuedAt,
    started_at: handle.startedAt,
    last_attempted_at: handle.lastAttemptedAt,
    finished_at: handle.finishedAt,
    expires_at: handle.expiresAt,
    args_json: argsJson === null ? null : losslessJson.stringify(handle.args),
    kwargs_json: kwargsJson === null ? null : losslessJson.stringify(handle.kwargs),
    stored: { args_json: argsJson, kwargs_json: kwargsJson, return_value_json: returnValueJson },
    errors: handle.errors.map((error) => ({
      exception_class_path: error.exceptionClassPath,
      message: error.message,
      traceback: error.traceback,
      attempt: error.attempt,
      worker_id: error.workerId,
      raised_at: error.raisedAt,
    })),
    worker_ids: handle.workerIds,
    is_finished: handle.isFinished,
    attempts: handle.attempts,
    max_attempts: handle.maxAttempts,
    error_count: handle.errorCount,
    return_value: describeReturnValue(handle),
  };
}

function describeReturnValue(handle: TaskResult): object {
  try {
    return { value_json: losslessJson.stringify(handle.returnValue) };
  } catch (error) {
    if (!(error instanceof TaskResultsError)) throw error;
    return { error: { reason: error.reason, message: error.message } };
  }
}
