package io.taskresults.client;

import java.util.List;

/**
 * A part of a list.
 *
 * @param results newest enqueued first; possibly fewer than asked for even when there are more
 * @param nextPageToken asks for the next page; empty on the last one
 */
public record TaskResultPage(List<TaskResult> results, String nextPageToken) {}
