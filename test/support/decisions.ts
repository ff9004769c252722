import type { Outcome } from '../../src/domain/store';

/** What became of a command in one word: the kind of the decision, or the reason of a refusal. */
export function outcome(decision: Outcome): string {
  return decision.kind === 'refused' ? decision.error.reason : decision.kind;
}

export function outcomes(decisions: readonly Outcome[]): string[] {
  return decisions.map(outcome);
}
