package io.taskresults.client;

/**
 * An attempt that was started.
 *
 * @param number counted from 1
 * @param state the state after the start
 */
public record StartedAttempt(int number, TaskResultState state) {
  /** {@return what every further call about this attempt needs} */
  public AttemptFence fence() {
    return new AttemptFence(state.id(), state.incarnation(), number);
  }
}
