import { status } from '@grpc/grpc-js';
import { TaskResultsError } from '@taskresults/client';
import { Failure } from '../server/failure';
import { whyNotConnected } from './connection-advice';

const UNREACHABLE: readonly (number | null)[] = [status.UNAVAILABLE, status.DEADLINE_EXCEEDED];

/** Turns whatever was thrown into a message for a person. */
export function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof TaskResultsError) {
    return new Failure(describe(error), UNREACHABLE.includes(error.code) ? 3 : 1);
  }
  return new Failure(error instanceof Error ? withCauses(error) : String(error));
}

/** An answer without a reason comes from a proxy or a dead link. It has the name of its code instead. */
function describe({ message, reason, code }: TaskResultsError): string {
  const details = message.replace(/\.? Resolution note: *$/, '') || 'no details';
  const nobodyAnswers = UNREACHABLE.includes(code) && reason === status[code as status];
  return `${nobodyAnswers ? `the server does not answer: ${whyNotConnected(details)}` : details} (${reason})`;
}

/** Only errors of the store have causes, and what they say is for whoever runs the server. */
function withCauses(error: Error): string {
  return error.cause instanceof Error ? `${error.message}: ${withCauses(error.cause)}` : error.message;
}
