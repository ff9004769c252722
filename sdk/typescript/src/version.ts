import type { TaskResultVersion as Message } from '@taskresults/protocol/taskresults/v1/task_result';
import { invalidField } from './invalid-field';
import type { TaskResultVersion } from './task-result-fields';

/** The version of a result of which nothing is known: lower than every other. */
export const NO_VERSION: TaskResultVersion = { incarnation: 0, revision: 0 };

/** Negative: `a` is the older one of two versions of one id. */
export function compareVersions(a: TaskResultVersion, b: TaskResultVersion): number {
  return a.incarnation - b.incarnation || a.revision - b.revision;
}

/** As the server sends it; none of it is zero. */
export function versionOf(message: Pick<Message, 'incarnation' | 'revision'> | undefined): TaskResultVersion {
  return { incarnation: Number(message?.incarnation ?? 0), revision: Number(message?.revision ?? 0) };
}

/** As the server takes it. */
export function versionMessage({ incarnation, revision }: TaskResultVersion): Message {
  return { incarnation: whole('incarnation', incarnation), revision: whole('revision', revision) };
}

/** A number for a field that takes only whole ones. */
export function whole(field: string, value: number): bigint {
  if (!Number.isSafeInteger(value)) throw invalidField(field, 'must be a whole number');
  return BigInt(value);
}
