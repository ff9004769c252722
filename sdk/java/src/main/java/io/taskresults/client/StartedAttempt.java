package io.taskresults.client;

/**
 * An attempt that was started.
 *
 * @param number counted from 1; it goes with every further call of this attempt
 * @param state what the start left behind
 */
public record StartedAttempt(int number, TaskResultState state) {}
