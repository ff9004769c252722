import { type ServiceError, status } from '@grpc/grpc-js';
import { BadRequest, ErrorInfo, RetryInfo } from '@taskresults/protocol/google/rpc/error_details';
import { Status } from '@taskresults/protocol/google/rpc/status';

/** How a call failed, details included. */
export interface Refusal {
  /** The name of the gRPC code. */
  code: string;
  /** Taken from ErrorInfo, as is `domain`. Undefined: the error carries none. */
  reason: string | undefined;
  domain: string | undefined;
  /** The fields of BadRequest. */
  fields: string[];
  /** Taken from RetryInfo, in milliseconds. */
  retryMs: number | undefined;
  message: string;
  /** Size of `grpc-status-details-bin`. */
  detailBytes: number;
}

/** Resolves with how `call` failed. Rejects when it did not. */
export async function refusal(call: Promise<unknown>): Promise<Refusal> {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason as ServiceError,
  );
  if (error === null) throw new Error('the call was answered OK');
  if (typeof error.code !== 'number') throw error;
  return describeError(error);
}

/** Just code and reason: `NOT_FOUND TASK_RESULT_DOES_NOT_EXIST`. */
export async function refused(call: Promise<unknown>): Promise<string> {
  const { code, reason } = await refusal(call);
  return `${code} ${reason}`;
}

export function describeError(error: Pick<ServiceError, 'code' | 'details' | 'metadata'>): Refusal {
  const [bytes] = error.metadata.get('grpc-status-details-bin');
  return {
    ...describeStatus(bytes ? Status.decode(bytes as Buffer) : undefined),
    code: status[error.code] as string,
    message: error.details,
    detailBytes: bytes?.length ?? 0,
  };
}

export function describeStatus(answer: Status | undefined): Refusal {
  const detail = (type: string) =>
    answer?.details.find(({ typeUrl }) => typeUrl === `type.googleapis.com/google.rpc.${type}`)?.value;
  const [info, badRequest, retry] = [detail('ErrorInfo'), detail('BadRequest'), detail('RetryInfo')];
  const { reason, domain } = info ? ErrorInfo.decode(info) : {};
  const delay = retry && RetryInfo.decode(retry).retryDelay;
  return {
    code: status[answer?.code ?? -1] ?? '',
    reason,
    domain,
    fields: badRequest ? BadRequest.decode(badRequest).fieldViolations.map(({ field }) => field) : [],
    retryMs: delay ? Number(delay.seconds) * 1_000 + delay.nanos / 1_000_000 : undefined,
    message: answer?.message ?? '',
    detailBytes: answer ? Status.encode(answer).finish().length : 0,
  };
}
