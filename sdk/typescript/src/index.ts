export { TaskResults } from './client';
export type {
  AttemptOptions,
  ClientOptions,
  DeleteOptions,
  FailOptions,
  GetOptions,
  ListOptions,
  Page,
  StartOptions,
  WaitOptions,
} from './client-options';
export type { ConnectionOptions, TlsOptions } from './connection';
export type { ErrorReport } from './error-report';
export * from './errors';
export { type JsonFormat, losslessJson, RawJson } from './json';
export { PreciseDate } from './precise-date';
export type { NewTask, TaskResultFilter, TimeSpan } from './requests';
export type { RunContext, RunOptions } from './run';
export { type CallOptions, TaskResult } from './task-result';
export type {
  StartedAttempt,
  Task,
  TaskError,
  TaskResultChanges,
  TaskResultFields,
  TaskResultStatus,
  TaskResultVersion,
  TaskResultView,
  TaskState,
} from './task-result-fields';
export type { TaskResultEvent, WatchEventsOptions, WatchTarget } from './watch-events';
