package io.taskresults.client;

import java.nio.charset.StandardCharsets;

/** Cuts what the service would cut, so that a report is never too large to reach it. */
final class CutText {
  /** Room for the marker, with the longest number there is. */
  private static final int MAX_MARKER_BYTES = 40;

  private CutText() {}

  /**
   * The text itself when it fits in so many bytes of UTF-8; otherwise its beginning, cut at a code
   * point, and a marker that says how much is gone. With the marker it fits, so that the service
   * does not cut it once more.
   */
  static String toBytes(int maxBytes, String text) {
    // A char makes at most three bytes: most texts need no counting.
    if (text.length() <= maxBytes / 3) return text;
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (bytes.length <= maxBytes) return text;
    int end = maxBytes - MAX_MARKER_BYTES;
    while (end > 0 && (bytes[end] & 0xc0) == 0x80) end--;
    String kept = new String(bytes, 0, end, StandardCharsets.UTF_8);
    return kept + "\n[cut: " + (bytes.length - end) + " more bytes]";
  }

  /** The beginning of a text, without a marker. */
  static String toCharacters(int max, String text) {
    if (text.codePointCount(0, text.length()) <= max) return text;
    return text.substring(0, text.offsetByCodePoints(0, max));
  }
}
