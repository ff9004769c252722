import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import type { Any } from '@taskresults/protocol/google/protobuf/any';
import { BadRequest, ErrorInfo, RetryInfo } from '@taskresults/protocol/google/rpc/error_details';
import { Status } from '@taskresults/protocol/google/rpc/status';
import { type Reason, TaskResultsError } from '../domain/errors';
import { firstBytes } from '../domain/text';

const DOMAIN = 'taskresults.v1';

/** Details travel in trailers, which break some clients beyond 16 KB in all. Messages are cut to stay far below. */
const MAX_MESSAGE_BYTES = 1_000;

const RETRY_DELAY = { seconds: 0n, nanos: 500_000_000 };

/** The one map from what went wrong to a gRPC code. */
const CODES: Record<Reason, status> = {
  INVALID_FIELD: status.INVALID_ARGUMENT,
  PAYLOAD_TOO_LARGE: status.INVALID_ARGUMENT,
  TASK_RESULT_DOES_NOT_EXIST: status.NOT_FOUND,
  TASK_RESULT_MISMATCH: status.FAILED_PRECONDITION,
  TASK_RESULT_EXISTS: status.ALREADY_EXISTS,
  STALE_ATTEMPT: status.FAILED_PRECONDITION,
  ATTEMPT_IN_PROGRESS: status.FAILED_PRECONDITION,
  ILLEGAL_TRANSITION: status.FAILED_PRECONDITION,
  REVISION_MISMATCH: status.ABORTED,
  LIMIT_REACHED: status.RESOURCE_EXHAUSTED,
  STORE_UNAVAILABLE: status.UNAVAILABLE,
  SHUTTING_DOWN: status.UNAVAILABLE,
  UNAUTHENTICATED: status.UNAUTHENTICATED,
  PERMISSION_DENIED: status.PERMISSION_DENIED,
};

/** What is answered for anything that was thrown, as `google.rpc.Status`. A bug is answered without a word about it. */
export function toStatus(error: unknown): Status {
  if (!(error instanceof TaskResultsError)) {
    return { code: status.INTERNAL, message: 'internal error', details: [errorInfo('INTERNAL')] };
  }
  const message = firstBytes(error.message, MAX_MESSAGE_BYTES);
  const details = [errorInfo(error.reason)];
  if (error.field !== undefined) {
    const violation = { field: error.field, description: message, reason: error.reason };
    details.push(
      any('BadRequest', BadRequest.encode(BadRequest.fromPartial({ fieldViolations: [violation] })).finish()),
    );
  }
  const code = CODES[error.reason];
  if (code === status.UNAVAILABLE) {
    details.push(any('RetryInfo', RetryInfo.encode(RetryInfo.fromPartial({ retryDelay: RETRY_DELAY })).finish()));
  }
  return { code, message, details };
}

/** The same as grpc-js wants it: the details go into a trailer. */
export function toServiceError(answer: Status): Pick<ServiceError, 'code' | 'details' | 'metadata'> {
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', Buffer.from(Status.encode(answer).finish()));
  return { code: answer.code, details: answer.message, metadata };
}

function errorInfo(reason: Reason | 'INTERNAL'): Any {
  return any('ErrorInfo', ErrorInfo.encode(ErrorInfo.fromPartial({ reason, domain: DOMAIN })).finish());
}

function any(type: string, value: Uint8Array): Any {
  return { typeUrl: `type.googleapis.com/google.rpc.${type}`, value: Buffer.from(value) };
}
