package io.taskresults.client;

import com.google.protobuf.Duration;
import com.google.protobuf.Timestamp;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/** Times and spans as the contract sends them. */
final class ProtoTime {
  private ProtoTime() {}

  static Instant instant(Timestamp time) {
    return Instant.ofEpochSecond(time.getSeconds(), time.getNanos());
  }

  static Optional<Instant> instant(boolean isSet, Timestamp time) {
    return isSet ? Optional.of(instant(time)) : Optional.empty();
  }

  /** Cut to the microsecond, as the service keeps it. */
  static Timestamp timestamp(Instant time) {
    Instant kept = time.truncatedTo(ChronoUnit.MICROS);
    return Timestamp.newBuilder()
        .setSeconds(kept.getEpochSecond())
        .setNanos(kept.getNano())
        .build();
  }

  static Duration duration(java.time.Duration span) {
    // A negative span has a positive fraction in Java; the contract wants one sign for both.
    boolean carries = span.isNegative() && span.getNano() > 0;
    return Duration.newBuilder()
        .setSeconds(carries ? span.getSeconds() + 1 : span.getSeconds())
        .setNanos(carries ? span.getNano() - 1_000_000_000 : span.getNano())
        .build();
  }
}
