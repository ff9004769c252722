/**
 * A client of the taskresults service: the outcome of background tasks, to ask for once, to ask for
 * again cheaply, or to watch until they are done.
 *
 * <p>Begin with {@link io.taskresults.client.TaskResults}. What is generated from the contract lies
 * in {@code io.taskresults.v1}, for those who would rather call the service themselves.
 */
package io.taskresults.client;
