package io.taskresults.client;

import io.taskresults.v1.BatchGetTaskResultsRequest;
import io.taskresults.v1.BatchGetTaskResultsResponse;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** Any number of results, in as many calls as the limits of one call require. */
final class ManyTaskResults {
  private static final int MAX_IDS = 1_000;

  private final Function<BatchGetTaskResultsRequest, CompletableFuture<BatchGetTaskResultsResponse>>
      ask;
  private final Function<io.taskresults.v1.TaskResult, TaskResult> handle;
  private final TaskResultView view;
  private final Map<String, TaskResult> found = new LinkedHashMap<>();
  private final Deque<String> open;

  ManyTaskResults(
      Collection<String> ids,
      TaskResultView view,
      Function<BatchGetTaskResultsRequest, CompletableFuture<BatchGetTaskResultsResponse>> ask,
      Function<io.taskresults.v1.TaskResult, TaskResult> handle) {
    this.ask = ask;
    this.handle = handle;
    this.view = view;
    for (String id : ids) found.put(id, null);
    open = new ArrayDeque<>(found.keySet());
  }

  CompletableFuture<FoundTaskResults> get() {
    if (open.isEmpty()) return CompletableFuture.completedFuture(sorted());
    var request = BatchGetTaskResultsRequest.newBuilder().setView(view.toProto());
    while (request.getIdsCount() < MAX_IDS && !open.isEmpty()) request.addIds(open.pop());
    return Chain.of(ask.apply(request.build()), this::take);
  }

  private CompletableFuture<FoundTaskResults> take(BatchGetTaskResultsResponse response) {
    response
        .getTaskResultsList()
        .forEach(result -> found.put(result.getId(), handle.apply(result)));
    open.addAll(response.getDeferredIdsList());
    return get();
  }

  private FoundTaskResults sorted() {
    List<TaskResult> present = new ArrayList<>();
    List<String> missing = new ArrayList<>();
    found.forEach((id, result) -> {
      if (result == null) missing.add(id);
      else present.add(result);
    });
    return new FoundTaskResults(List.copyOf(present), List.copyOf(missing));
  }
}
