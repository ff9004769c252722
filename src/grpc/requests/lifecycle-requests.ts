import type { Duration } from '@taskresults/protocol/google/protobuf/duration';
import type * as pb from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import type { TaskError } from '@taskresults/protocol/taskresults/v1/task_result';
import { v7 as uuidv7 } from 'uuid';
import type { Command, CreateCommand, DeletedVersion, Fence, StartCommand } from '../../domain/command';
import { payloadTooLarge } from '../../domain/errors';
import {
  type Limits,
  MAX_ATTEMPT,
  MAX_ATTEMPTS,
  MAX_CLASS_PATH_LENGTH,
  MAX_ERROR_MESSAGE_SIZE,
  MAX_LEASE,
  MAX_NAME_LENGTH,
  MAX_PRIORITY,
  MIN_LEASE,
} from '../../domain/limits';
import type { Micros, ReportedError } from '../../domain/task-result';
import { byteLength, cutText, firstCharacters } from '../../domain/text';
import { count, duration, integer, json, knownVersion, nonEmpty, required, resultId, text, timestamp } from './fields';
import { metadata } from './metadata-field';

/** Requests of TaskLifecycleService, checked and as commands of the domain. */

type Of<K extends Command['kind']> = Extract<Command, { kind: K }>;

export function createCommand(request: pb.CreateTaskResultRequest, limits: Limits): CreateCommand {
  const task = required('task', request.task);
  return {
    kind: 'create',
    id: request.id === '' ? uuidv7() : resultId('id', request.id),
    task: {
      path: text('task.path', task.path, 1, MAX_NAME_LENGTH),
      priority: integer('task.priority', task.priority, -MAX_PRIORITY, MAX_PRIORITY),
      queueName: text('task.queue_name', task.queueName, 0, MAX_NAME_LENGTH) || 'default',
      runAfter: task.runAfter ? timestamp('task.run_after', task.runAfter) : null,
      takesContext: task.takesContext,
    },
    ...args(request, limits.maxJsonSize),
    backend: text('backend', request.backend, 0, MAX_NAME_LENGTH) || 'default',
    metadata: metadata('metadata', request.metadata),
    maxAttempts:
      integer('attempt_policy.max_attempts', request.attemptPolicy?.maxAttempts ?? 0, 0, MAX_ATTEMPTS) || null,
  };
}

function args(request: pb.CreateTaskResultRequest, maxBytes: number): Pick<CreateCommand, 'argsJson' | 'kwargsJson'> {
  const argsJson = json('args_json', request.argsJson, 'array', '[]', maxBytes);
  const kwargsJson = json('kwargs_json', request.kwargsJson, 'object', '{}', maxBytes);
  if (byteLength(request.argsJson) + byteLength(request.kwargsJson) > maxBytes) {
    throw payloadTooLarge('kwargs_json', `must have at most ${maxBytes} bytes together with args_json`);
  }
  return { argsJson, kwargsJson };
}

export function startCommand(request: pb.StartAttemptRequest, limits: Limits): StartCommand {
  return {
    kind: 'start',
    id: resultId('id', request.id),
    workerId: text('worker_id', request.workerId, 1, limits.maxWorkerIdLength),
    lease: request.lease ? lease(request.lease) : null,
    force: request.force,
    requestId: text('request_id', request.requestId, 0, MAX_NAME_LENGTH) || null,
  };
}

export function renewCommand(request: pb.RenewLeaseRequest): Of<'renew'> {
  return {
    kind: 'renew',
    ...fence(request),
    lease: lease(required('lease', request.lease)),
  };
}

export function finishCommand(request: pb.FinishAttemptRequest, limits: Limits): Of<'succeed'> | Of<'failAttempt'> {
  const target = fence(request);
  const outcome = required('outcome', request.outcome);
  if (outcome.$case === 'succeeded') {
    const { returnValueJson } = outcome.value;
    return {
      kind: 'succeed',
      ...target,
      returnValueJson: json('succeeded.return_value_json', returnValueJson, 'value', 'null', limits.maxJsonSize),
    };
  }
  const { error, retry } = outcome.value;
  return {
    kind: 'failAttempt',
    ...target,
    error: reported('failed.error', required('failed.error', error), limits),
    retry,
  };
}

export function failCommand(request: pb.FailTaskResultRequest, limits: Limits): Of<'failUnstarted'> {
  const error = request.error ? reported('error', request.error, limits) : null;
  return { kind: 'failUnstarted', id: resultId('id', request.id), error };
}

export function deleteCommand(request: pb.DeleteTaskResultRequest): Of<'delete'> {
  return {
    kind: 'delete',
    id: resultId('id', request.id),
    version: deletedVersion(request.version),
    allowMissing: request.allowMissing,
  };
}

function deletedVersion(value: pb.DeleteTaskResultRequest['version']): DeletedVersion | null {
  const { incarnation, revision } = knownVersion('version', value);
  return incarnation === 0 ? null : { incarnation, revision: revision || null };
}

function fence({ id, incarnation, attempt }: { id: string; incarnation: bigint; attempt: number }): Fence {
  return {
    id: resultId('id', id),
    incarnation: count('incarnation', incarnation) || null,
    attempt: integer('attempt', attempt, 1, MAX_ATTEMPT),
  };
}

function lease(value: Duration): Micros {
  return duration('lease', value, MIN_LEASE, MAX_LEASE);
}

/** The error of a failure. It must not get lost, so a text that is too long is cut. */
function reported(field: string, error: TaskError, limits: Limits): ReportedError {
  const { exceptionClassPath, message, traceback } = error;
  nonEmpty(`${field}.exception_class_path`, exceptionClassPath);
  return {
    exceptionClassPath: firstCharacters(exceptionClassPath, MAX_CLASS_PATH_LENGTH),
    message: cutText(message, MAX_ERROR_MESSAGE_SIZE),
    traceback: cutText(traceback, limits.maxTracebackSize),
  };
}
