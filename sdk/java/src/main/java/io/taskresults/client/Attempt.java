package io.taskresults.client;

/** An attempt under way, as the function that makes it sees it. Thread-safe. */
public final class Attempt {
  private final TaskResult taskResult;
  private final AttemptFence fence;
  private final String workerId;
  private volatile TaskResultsException loss;
  private Thread runner;
  private boolean wasInterrupted;

  Attempt(TaskResult taskResult, AttemptFence fence, String workerId) {
    this.taskResult = taskResult;
    this.fence = fence;
    this.workerId = workerId;
  }

  /**
   * {@return the result that the attempt is for, with the arguments, as it was before the attempt}
   */
  public TaskResult taskResult() {
    return taskResult;
  }

  /** {@return which attempt it is, counted from 1} */
  public int number() {
    return fence.attempt();
  }

  /** {@return what distinguishes it from every other attempt} */
  public AttemptFence fence() {
    return fence;
  }

  /** {@return who makes it} */
  public String workerId() {
    return workerId;
  }

  /**
   * Whether it is known to be lost: another worker has taken the task over, or the result is gone.
   * Whatever is returned then is thrown away, so that a function with effects on others should
   * stop. Its thread was interrupted, too.
   *
   * @return true from then on
   */
  public boolean isLost() {
    return loss != null;
  }

  /** Why it is lost; null when it is not. */
  TaskResultsException loss() {
    return loss;
  }

  /** From here on the calling thread runs the function. */
  synchronized void enter() {
    runner = Thread.currentThread();
    if (loss != null) interrupt();
  }

  /**
   * The function is over. An interrupt that announced the loss is for nobody else and is removed;
   * one that was there before is kept. One that comes between the two cannot be distinguished from
   * that of the loss.
   */
  synchronized void leave() {
    runner = null;
    if (loss != null && !wasInterrupted) Thread.interrupted();
  }

  synchronized void lose(TaskResultsException why) {
    loss = why;
    if (runner != null) interrupt();
  }

  private void interrupt() {
    wasInterrupted = runner.isInterrupted();
    runner.interrupt();
  }
}
