import { status } from '@grpc/grpc-js';
import { TaskResultsError } from '@taskresults/client';
import { Failure } from '../server/failure';

const UNREACHABLE: readonly (number | null)[] = [status.UNAVAILABLE, status.DEADLINE_EXCEEDED];

/** Whatever was thrown, as what a person is told of it. */
export function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof TaskResultsError) {
    return new Failure(describe(error), UNREACHABLE.includes(error.code) ? 3 : 1);
  }
  return new Failure(error instanceof Error ? withCauses(error) : String(error));
}

/** Answers without a reason come from a proxy or a dead link; they have the name of their code instead. */
function describe({ message, reason, code }: TaskResultsError): string {
  const details = message.replace(/\.? Resolution note: *$/, '') || 'no details';
  const nobodyAnswers = UNREACHABLE.includes(code) && reason === status[code as status];
  return `${nobodyAnswers ? 'the server does not answer: ' : ''}${details} (${reason})`;
}

/** Only the store's errors have causes, and what they say is for whoever runs the server. */
function withCauses(error: Error): string {
  return error.cause instanceof Error ? `${error.message}: ${withCauses(error.cause)}` : error.message;
}
