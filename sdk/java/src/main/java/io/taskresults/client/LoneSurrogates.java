package io.taskresults.client;

import com.google.protobuf.Message;
import io.grpc.Status;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Half of a surrogate pair has no form in UTF-8: it would be sent as a question mark, and an id
 * with one would be another id.
 */
final class LoneSurrogates {
  private LoneSurrogates() {}

  /** Each half as the escape that JSON and Java have for it. */
  static String escape(String text) {
    if (isUnicode(text)) return text;
    StringBuilder escaped = new StringBuilder();
    text.codePoints().forEach(point -> {
      boolean isLone = point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE;
      if (isLone) escaped.append(String.format("\\u%04x", point));
      else escaped.appendCodePoint(point);
    });
    return escaped.toString();
  }

  /** Refuses a request with one as the service refuses what breaks a rule. */
  static void refuseIn(Message request) {
    request.getAllFields().forEach((field, value) -> refuseIn(field.getName(), value));
  }

  private static void refuseIn(String path, Object value) {
    if (value instanceof String text && !isUnicode(text)) {
      String message = path + ": has half of a surrogate pair";
      throw new Failure("INVALID_FIELD", Status.Code.INVALID_ARGUMENT, message, List.of(path), null)
          .toException();
    }
    if (value instanceof List<?> values) values.forEach(one -> refuseIn(path, one));
    if (value instanceof Message message) {
      message
          .getAllFields()
          .forEach((field, inner) -> refuseIn(path + "." + field.getName(), inner));
    }
  }

  private static boolean isUnicode(String text) {
    return StandardCharsets.UTF_8.newEncoder().canEncode(text);
  }
}
