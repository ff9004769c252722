package io.taskresults.client;

import java.util.List;

/**
 * What is known of many ids.
 *
 * @param found the results, in the order asked
 * @param missing ids that no result has, in the order asked
 */
public record FoundTaskResults(List<TaskResult> found, List<String> missing) {}
