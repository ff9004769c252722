package io.taskresults.client;

import java.lang.ref.Reference;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.Future;
import java.util.concurrent.locks.Lock;
import java.util.function.Supplier;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.BeanDescription;
import tools.jackson.databind.SerializationConfig;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.ValueSerializer;
import tools.jackson.databind.ser.ValueSerializerModifier;
import tools.jackson.databind.ser.bean.BeanSerializerBase;

/**
 * Refuses what stands for a value that is still to come, for code, for a failure, for a part of the
 * program or for a result: as a bean it would be encoded without any of these. A class with a
 * serializer of its own is accepted.
 */
final class DataOnly extends ValueSerializerModifier {
  private static final long serialVersionUID = 1;

  /** Its collections and atomic values are no beans. */
  private static final String BETWEEN_THREADS = "java.util.concurrent";

  private static final List<Class<?>> REFUSED = List.of(
      Future.class,
      CompletionStage.class,
      Flow.Publisher.class,
      Supplier.class,
      Callable.class,
      Thread.class,
      Reference.class,
      Throwable.class,
      AutoCloseable.class,
      Lock.class,
      TaskResult.class,
      Attempt.class);

  @Override
  public ValueSerializer<?> modifySerializer(
      SerializationConfig config, BeanDescription.Supplier bean, ValueSerializer<?> serializer) {
    boolean isBean = serializer instanceof BeanSerializerBase;
    return isBean && isRefused(bean.getBeanClass()) ? new Refusing() : serializer;
  }

  /** The class of a lambda is a hidden one. */
  private static boolean isRefused(Class<?> type) {
    return type.isHidden()
        || type.getPackageName().startsWith(BETWEEN_THREADS)
        || REFUSED.stream().anyMatch(refused -> refused.isAssignableFrom(type));
  }

  private static final class Refusing extends ValueSerializer<Object> {
    @Override
    public void serialize(Object value, JsonGenerator to, SerializationContext context) {
      context.reportMappingProblem("%s is no data", value.getClass().getName());
    }
  }
}
