package io.taskresults.client;

import java.security.SecureRandom;
import java.util.UUID;

/** Ids that sort by the millisecond they were made in (RFC 9562). */
final class Uuid7 {
  private static final SecureRandom RANDOM = new SecureRandom();

  private Uuid7() {}

  static String next() {
    long high = System.currentTimeMillis() << 16 | 0x7000 | RANDOM.nextLong() & 0x0fff;
    long low = RANDOM.nextLong() & 0x3fff_ffff_ffff_ffffL | 0x8000_0000_0000_0000L;
    return new UUID(high, low).toString();
  }
}
