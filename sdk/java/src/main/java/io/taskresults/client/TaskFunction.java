package io.taskresults.client;

/**
 * What a worker does for a task.
 *
 * @param <X> what it throws besides unchecked exceptions
 */
@FunctionalInterface
public interface TaskFunction<X extends Exception> {
  /**
   * Makes an attempt. The thread is interrupted when the attempt is lost.
   *
   * @param attempt the attempt
   * @return the return value, anything that Jackson makes JSON of; null is a value
   * @throws X when the attempt failed
   */
  Object run(Attempt attempt) throws X;
}
