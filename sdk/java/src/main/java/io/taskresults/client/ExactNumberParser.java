package io.taskresults.client;

import java.math.BigDecimal;
import java.math.BigInteger;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.exc.InputCoercionException;
import tools.jackson.core.util.JsonParserDelegate;

/**
 * Refuses a {@code double} or {@code float} where an integer would be rounded to fit it, or
 * anything would overflow.
 */
final class ExactNumberParser extends JsonParserDelegate {
  ExactNumberParser(JsonParser parser) {
    super(parser);
  }

  @Override
  public double getDoubleValue() {
    BigInteger integer = integer();
    double value = super.getDoubleValue();
    requireExact(integer, value, Double.class);
    return value;
  }

  @Override
  public float getFloatValue() {
    BigInteger integer = integer();
    float value = super.getFloatValue();
    requireExact(integer, value, Float.class);
    return value;
  }

  /**
   * To be asked for first: once it has been read as floating point, the parser knows nothing
   * better.
   */
  private BigInteger integer() {
    return currentToken() == JsonToken.VALUE_NUMBER_INT ? getBigIntegerValue() : null;
  }

  private void requireExact(BigInteger integer, double value, Class<?> type) {
    if (Double.isFinite(value)
        && (integer == null || new BigDecimal(value).compareTo(new BigDecimal(integer)) == 0)) {
      return;
    }
    throw new InputCoercionException(
        this, getString() + " is no " + type.getSimpleName(), currentToken(), type);
  }
}
