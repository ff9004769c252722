package io.taskresults.client;

/**
 * An attempt that was started.
 *
 * @param number counted from 1
 * @param state what the start left behind
 */
public record StartedAttempt(int number, TaskResultState state) {
  /** {@return what goes with every further call of this attempt} */
  public AttemptFence fence() {
    return new AttemptFence(state.id(), state.incarnation(), number);
  }
}
