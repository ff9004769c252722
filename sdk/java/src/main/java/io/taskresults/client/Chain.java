package io.taskresults.client;

import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * One call after another, as {@code thenCompose} has it, except that whoever ends the whole gives
 * up the call under way, and that none follows.
 */
final class Chain<R> extends CompletableFuture<R> {
  private volatile CompletableFuture<?> underWay;

  private Chain() {}

  static <A, R> CompletableFuture<R> of(
      CompletableFuture<A> first, Function<A, CompletableFuture<R>> next) {
    Chain<R> chain = new Chain<>();
    chain.follow(first, answer -> chain.follow(next.apply(answer), chain::complete));
    chain.whenComplete((value, thrown) -> chain.underWay.cancel(true));
    return chain;
  }

  private <A> void follow(CompletableFuture<A> call, Consumer<A> then) {
    underWay = call;
    if (isDone()) call.cancel(true);
    call.whenComplete((answer, thrown) -> {
      if (thrown != null) completeExceptionally(thrown);
      else if (!isDone()) proceed(then, answer);
    });
  }

  /** Whatever is wrong with an answer, the whole must end, since a caller waits for it. */
  private <A> void proceed(Consumer<A> then, A answer) {
    try {
      then.accept(answer);
    } catch (RuntimeException | Error malformed) {
      completeExceptionally(malformed);
    }
  }
}
