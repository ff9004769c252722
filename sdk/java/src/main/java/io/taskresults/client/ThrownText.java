package io.taskresults.client;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.function.Supplier;

/**
 * What a throwable says of itself. Its methods may be overridden, and throw themselves: then the
 * text says so.
 */
final class ThrownText {
  private ThrownText() {}

  static String message(Throwable thrown) {
    String message = orWhy(thrown::getMessage);
    return message == null ? "" : message;
  }

  /** The stack trace with its causes, as far as it can be printed. */
  static String stackTrace(Throwable thrown) {
    StringWriter printed = new StringWriter();
    String why = orWhy(() -> {
      thrown.printStackTrace(new PrintWriter(printed, true));
      return null;
    });
    if (why == null) return printed.toString();
    return thrown.getClass().getName() + "\n" + printed + "\n" + why;
  }

  /** Whatever is thrown here, thousands of causes overflow the stack, must not hide what was. */
  private static String orWhy(Supplier<String> text) {
    try {
      return text.get();
    } catch (Throwable broken) {
      return "[not told: " + broken.getClass().getName() + "]";
    }
  }
}
