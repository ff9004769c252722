package io.taskresults.client;

/**
 * The fencing token of an attempt: it distinguishes the attempt from every other one, so that a
 * worker whose attempt is over changes nothing.
 *
 * @param id the result's id
 * @param incarnation the incarnation of the result for which it was started. 0: whichever result
 *     has the id, which is safe only where ids are never used again
 * @param attempt its number, counted from 1
 */
public record AttemptFence(String id, long incarnation, int attempt) {}
