package io.taskresults.client;

import io.grpc.Status;
import java.lang.reflect.Type;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.module.SimpleModule;

/** JSON that loses nothing on its way, in either direction. */
final class Json {
  /**
   * The service limits sizes itself, by its settings. What is written here is limited in depth, to
   * 500, so that a cycle is found.
   */
  private static final StreamReadConstraints ANY_SIZE = StreamReadConstraints.builder()
      .maxNestingDepth(Integer.MAX_VALUE)
      .maxNumberLength(Integer.MAX_VALUE)
      .maxStringLength(Integer.MAX_VALUE)
      .maxNameLength(Integer.MAX_VALUE)
      .build();

  private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
          .streamReadConstraints(ANY_SIZE)
          .enable(StreamReadFeature.USE_FAST_BIG_NUMBER_PARSER)
          .disable(JsonWriteFeature.WRITE_NAN_AS_STRINGS)
          .build())
      .addModule(new SimpleModule().setSerializerModifier(new DataOnly()))
      .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
      .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
      .enable(SerializationFeature.FAIL_ON_EMPTY_BEANS)
      .build();

  private static final ObjectReader STRICT =
      MAPPER.reader().with(StreamReadFeature.STRICT_DUPLICATE_DETECTION);

  private Json() {}

  /** The value as JSON text, or a NOT_ENCODABLE failure. */
  static String encode(Object value) {
    try {
      String text = MAPPER.writeValueAsString(value);
      requireJson(text);
      return LoneSurrogates.escape(text);
    } catch (JacksonException refusal) {
      String message = "the value is no JSON: " + refusal.getOriginalMessage();
      throw failure("NOT_ENCODABLE", message, refusal);
    }
  }

  /** The value of a text that the service kept, or a NOT_DECODABLE failure. */
  @SuppressWarnings("unchecked") // the type is that of the caller's class or type reference
  static <T> T decode(String text, Type type) {
    JavaType wanted = MAPPER.constructType(type);
    try (JsonParser parser = new ExactNumberParser(MAPPER.createParser(text))) {
      return (T) MAPPER.readerFor(wanted).readValue(parser);
    } catch (JacksonException refusal) {
      throw misfit(type, refusal.getOriginalMessage(), refusal);
    } catch (StackOverflowError tooDeep) {
      throw misfit(type, "it is nested too deeply", tooDeep);
    }
  }

  private static TaskResultsException misfit(Type type, String detail, Throwable why) {
    String message = "the JSON does not fit " + type.getTypeName() + ": " + detail;
    return failure("NOT_DECODABLE", message, why);
  }

  private static TaskResultsException failure(String reason, String message, Throwable why) {
    return new Failure(reason, Status.Code.INVALID_ARGUMENT, message, List.of(), why).toException();
  }

  /**
   * NaN and infinities are written as they stand, by whichever serializer, and so are two keys of a
   * map that are one as texts. All are refused here.
   */
  private static void requireJson(String text) {
    try (JsonParser parser = STRICT.createParser(text)) {
      while (parser.nextToken() != null) {}
    }
  }
}
