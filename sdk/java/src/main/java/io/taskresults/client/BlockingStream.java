package io.taskresults.client;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** What a publisher yields, one by one, for a caller that waits. */
final class BlockingStream<T> implements Flow.Subscriber<T>, Iterator<T> {
  private record Signal<T>(T item, Throwable failure) {}

  private final Flow.Publisher<T> publisher;
  private final BlockingQueue<Signal<T>> signals = new LinkedBlockingQueue<>();
  private Flow.Subscription subscription;
  private boolean isClosed;
  private T next;
  private boolean isOver;

  private BlockingStream(Flow.Publisher<T> publisher) {
    this.publisher = publisher;
  }

  /**
   * Nothing is asked of the publisher before the first item is; closing the stream also ends a wait
   * for the next one.
   */
  static <T> Stream<T> of(Flow.Publisher<T> publisher) {
    BlockingStream<T> items = new BlockingStream<>(publisher);
    int traits = Spliterator.ORDERED | Spliterator.NONNULL;
    return StreamSupport.stream(Spliterators.spliteratorUnknownSize(items, traits), false)
        .onClose(items::close);
  }

  @Override
  public boolean hasNext() {
    if (next != null) return true;
    if (isOver) return false;
    Signal<T> signal = take();
    next = signal.item();
    isOver = next == null;
    if (signal.failure() != null) throw Blocking.raised(signal.failure());
    return !isOver;
  }

  @Override
  public T next() {
    if (!hasNext()) throw new NoSuchElementException();
    T item = next;
    next = null;
    return item;
  }

  private Signal<T> take() {
    try {
      if (Thread.currentThread().isInterrupted()) throw new InterruptedException();
      request();
      return signals.take();
    } catch (InterruptedException e) {
      close();
      throw Blocking.interrupted(e);
    }
  }

  /** Nothing begins after the end. */
  private synchronized void request() {
    if (isClosed) return;
    if (subscription == null) publisher.subscribe(this);
    subscription.request(1);
  }

  private synchronized void close() {
    isClosed = true;
    if (subscription != null) subscription.cancel();
    onComplete();
  }

  @Override
  public void onSubscribe(Flow.Subscription given) {
    subscription = given;
  }

  @Override
  public void onNext(T item) {
    signals.add(new Signal<>(item, null));
  }

  @Override
  public void onError(Throwable failure) {
    signals.add(new Signal<>(null, failure));
  }

  @Override
  public void onComplete() {
    signals.add(new Signal<>(null, null));
  }
}
