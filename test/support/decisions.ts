import type { Decision } from '../../src/domain/transitions';

/** What became of a command in one word: the kind of the decision, or the reason of a refusal. */
export function outcome(decision: Decision): string {
  return decision.kind === 'refused' ? decision.error.reason : decision.kind;
}

export function outcomes(decisions: readonly Decision[]): string[] {
  return decisions.map(outcome);
}
