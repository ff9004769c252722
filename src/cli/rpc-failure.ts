import { type ServiceError, status } from '@grpc/grpc-js';
import { ErrorInfo } from '../gen/google/rpc/error_details';
import { Status } from '../gen/google/rpc/status';

const UNREACHABLE: readonly status[] = [status.UNAVAILABLE, status.DEADLINE_EXCEEDED];

export function isServiceError(error: unknown): error is ServiceError {
  return (
    error instanceof Error &&
    'details' in error &&
    'metadata' in error &&
    typeof Reflect.get(error, 'code') === 'number'
  );
}

/** In one line, and the exit code: 3 when the server cannot be reached, else 1. */
export function describeRpcFailure(error: ServiceError): { message: string; exitCode: number } {
  const unreachable = UNREACHABLE.includes(error.code);
  const reason = reasonOf(error);
  const details = error.details.replace(/\.? Resolution note: *$/, '') || 'no details';
  const message = `${details} (${reason ?? status[error.code] ?? error.code})`;
  const where = unreachable && reason === null ? 'the server does not answer: ' : '';
  return { message: where + message, exitCode: unreachable ? 3 : 1 };
}

/** What `google.rpc.ErrorInfo` says; null from anything but our server, e.g. a proxy or a dead link. */
function reasonOf(error: ServiceError): string | null {
  const [packed] = error.metadata.get('grpc-status-details-bin');
  if (!(packed instanceof Buffer)) return null;
  const info = Status.decode(packed).details.find((detail) => detail.typeUrl.endsWith('/google.rpc.ErrorInfo'));
  return info ? ErrorInfo.decode(info.value).reason : null;
}
