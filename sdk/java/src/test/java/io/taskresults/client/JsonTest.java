package io.taskresults.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.annotation.JsonValue;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
  record Mail(String to, long size) {}

  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        "true",
        "0",
        "-1",
        "9007199254740993",
        "-9223372036854775808",
        "18446744073709551615",
        "12345678901234567890123",
        "1.5",
        "0.1000000000000000055511151231257827021181583404541015625",
        "\"\\u0000\"",
        "\"\\ud83d\\ude80 日本\"",
        "[1,[],{}]",
        "{\"b\":1,\"a\":{\"\":null}}"
      })
  void valuesComeBackAsTheyWere(String text) {
    Object value = Json.decode(text, Object.class);
    assertEquals(value, Json.decode(Json.encode(value), Object.class));
    if (!text.contains("\\u")) assertEquals(text, Json.encode(value));
  }

  @Test
  void integersAreOfTheTypeThatHoldsThem() {
    assertEquals(
        List.of(1, 3_000_000_000L, new BigInteger("12345678901234567890123")),
        Json.decode("[1,3000000000,12345678901234567890123]", List.class));
    assertEquals(new BigDecimal("1e400"), Json.decode("1e400", Object.class));
    String digits = "7".repeat(5_000);
    assertEquals(new BigInteger(digits), Json.decode(digits, Object.class));
  }

  @Test
  void nothingIsRoundedToFitTheTypeAskedFor() {
    assertEquals(9007199254740992.0, Json.<Double>decode("9007199254740992", Double.class));
    assertEquals(0.1, Json.<Double>decode("0.1", Double.class));
    assertThrows(TaskResultsException.class, () -> Json.decode("9007199254740993", Double.class));
    assertThrows(
        TaskResultsException.class, () -> Json.decode("[9007199254740993]", double[].class));
    assertThrows(TaskResultsException.class, () -> Json.decode("16777217", float.class));
    assertThrows(TaskResultsException.class, () -> Json.decode("1e400", Double.class));
    assertThrows(TaskResultsException.class, () -> Json.decode("3000000000", Integer.class));
    assertThrows(TaskResultsException.class, () -> Json.decode("1.5", Integer.class));
  }

  @Test
  void objectsComeAndGoWithTheirTypes() {
    assertEquals("{\"to\":\"ada\",\"size\":3}", Json.encode(new Mail("ada", 3)));
    assertEquals(new Mail("ada", 3), Json.decode("{\"to\":\"ada\",\"size\":3}", Mail.class));
    assertNull(Json.decode("null", Mail.class));
    var failure =
        assertThrows(TaskResultsException.NotDecodable.class, () -> Json.decode("[]", Mail.class));
    assertEquals("NOT_DECODABLE", failure.reason());
  }

  @Test
  void whatIsNoJsonIsRefused() {
    List<Object> cycle = new ArrayList<>();
    cycle.add(cycle);
    List<Object> refused = List.of(
        Double.NaN,
        Float.NEGATIVE_INFINITY,
        new double[] {1, Double.NaN},
        Map.of("a", List.of(Double.POSITIVE_INFINITY)),
        Optional.of(Float.NaN),
        cycle,
        new Object());
    for (Object value : refused) {
      var failure = assertThrows(TaskResultsException.NotEncodable.class, () -> Json.encode(value));
      assertEquals("NOT_ENCODABLE", failure.reason());
    }
  }

  @Test
  void anyDepthIsRead() {
    String text = "[".repeat(100_000) + "1" + "]".repeat(100_000);
    Object value = Json.decode(text, Object.class);
    List<?> values = Json.decode(text, List.class);
    Map<String, Object> named = Json.decode("{\"a\":" + text + "}", Map.class);
    for (Object outer : List.of(value, values, named.get("a"))) {
      int depth = 0;
      Object inner = outer;
      for (; inner instanceof List<?> list; depth++) inner = list.get(0);
      assertEquals(100_000, depth);
      assertEquals(1, inner);
    }
  }

  record Nested(Nested inner) {}

  @Test
  void whatIsTooDeepForItsTypeIsRefused() {
    String text = "{\"inner\":".repeat(100_000) + "null" + "}".repeat(100_000);
    var failure = assertThrows(
        TaskResultsException.NotDecodable.class, () -> Json.decode(text, Nested.class));
    assertEquals("NOT_DECODABLE", failure.reason());
  }

  record Later(int value) implements Supplier<Integer> {
    @Override
    @JsonValue
    public Integer get() {
      return value;
    }
  }

  @Test
  void whatItsOwnSerializerMakesOfASupplierHolds() {
    assertEquals("[5]", Json.encode(List.of(new Later(5))));
  }

  @Test
  void halfOfAPairOfSurrogatesSurvives() {
    String half = assertInstanceOf(String.class, Json.decode("\"a\\ud83db\"", Object.class));
    assertEquals("\"a\\ud83db\"", Json.encode(half));
    assertEquals("[\"🚀\",\"\\ude80\"]", Json.encode(List.of("🚀", "\ude80")));
  }

  @Test
  void twoKeysOfOneNameAreRefused() {
    Map<Object, String> twice = Map.of(1, "a", "1", "b");
    assertThrows(TaskResultsException.NotEncodable.class, () -> Json.encode(twice));
    assertThrows(TaskResultsException.NotEncodable.class, () -> Json.encode(List.of(twice)));
  }
}
