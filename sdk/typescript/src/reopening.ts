import { status } from '@grpc/grpc-js';
import type { TaskResultsError } from './errors';

/** Credentials, bad input, limits of a field: a stream that is opened again would only meet them again. */
const BEYOND_MENDING: readonly number[] = [
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.FAILED_PRECONDITION,
  status.UNAUTHENTICATED,
  status.PERMISSION_DENIED,
  status.UNIMPLEMENTED,
];

/** Whether a watch that ended with this error is to be opened again. Without a code it was ended on this side. */
export function isWorthReopening({ code }: TaskResultsError): boolean {
  return typeof code === 'number' && !BEYOND_MENDING.includes(code);
}
