package io.taskresults.client;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads of one client: one keeps time, the others work, as many as there is work. None keeps
 * a program alive.
 */
final class Threads {
  private static final AtomicInteger NUMBER = new AtomicInteger();
  private static final ThreadFactory DAEMONS = task -> {
    Thread thread = new Thread(task, "taskresults-" + NUMBER.incrementAndGet());
    thread.setDaemon(true);
    return thread;
  };

  /**
   * A task that comes after the end runs on the thread that brings it, so that nothing is left
   * without an answer.
   */
  private final ExecutorService workers = new ThreadPoolExecutor(
      0,
      Integer.MAX_VALUE,
      10,
      TimeUnit.SECONDS,
      new SynchronousQueue<>(),
      DAEMONS,
      (task, ended) -> task.run());

  private final ScheduledThreadPoolExecutor clock =
      new ScheduledThreadPoolExecutor(1, DAEMONS, new ThreadPoolExecutor.DiscardPolicy());

  private final Set<Timer> timers = ConcurrentHashMap.newKeySet();
  private volatile boolean hurried;

  Threads() {
    clock.setRemoveOnCancelPolicy(true);
  }

  ExecutorService workers() {
    return workers;
  }

  /** Runs a task on a worker after a while, or as soon as everything is hurried. */
  Timer later(Duration delay, Runnable task) {
    Timer timer = new Timer(task);
    timers.add(timer);
    timer.due = clock.schedule(timer::fire, delay.toMillis(), TimeUnit.MILLISECONDS);
    if (hurried) timer.fire();
    return timer;
  }

  /** No pause lasts any longer, so that whatever waits notices that its client is closed. */
  void hurry() {
    hurried = true;
    timers.forEach(Timer::fire);
  }

  void end() {
    clock.shutdownNow();
    workers.shutdown();
  }

  /** A task that is due once. */
  final class Timer {
    private final Runnable task;
    private volatile Future<?> due;

    private Timer(Runnable task) {
      this.task = task;
    }

    private void fire() {
      if (timers.remove(this)) workers.execute(task);
    }

    void cancel() {
      if (timers.remove(this)) due.cancel(false);
    }
  }
}
