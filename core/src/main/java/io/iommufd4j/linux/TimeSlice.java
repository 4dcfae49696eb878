// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.ToLongFunction;

/**
 * The time that Linux means to let the calling thread run at a stretch ({@code sched_setattr(2)},
 * {@code sched_runtime} of an ordinary policy). A thread that wakes up takes the processor at once
 * from one whose slice is longer. Linux heeds it from 6.12 on, between 0.1 and 100 ms.
 */
public final class TimeSlice {

  /** {@code SCHED_ATTR_SIZE_VER0}, and what of {@code struct sched_attr} is looked at. */
  private static final int ATTRIBUTES_BYTES = 48;

  private static final int POLICY_AT = 4;
  private static final int NANOS_AT = 24;

  /**
   * {@code SCHED_OTHER} and {@code SCHED_BATCH}: with other policies the field is something else.
   */
  private static final int OTHER = 0;

  private static final int BATCH = 3;

  private TimeSlice() {}

  /** {@return nanoseconds; 0 before Linux 6.12, negative for a thread of a real-time policy} */
  public static long get() {
    return withAttributes(attributes -> attributes.get(ValueLayout.JAVA_LONG, NANOS_AT));
  }

  /**
   * Changes it, and nothing else of how the thread is scheduled. Threads that it starts later have
   * it too.
   *
   * @return whether Linux took it; it also does where it does not heed it
   */
  public static boolean set(long nanos) {
    long answer =
        withAttributes(attributes -> {
          attributes.set(ValueLayout.JAVA_LONG, NANOS_AT, nanos);
          return SystemCall.SCHED_SETATTR.call(0, attributes.address(), 0);
        });
    return answer == 0;
  }

  /** Negative for a thread of another policy. */
  private static long withAttributes(ToLongFunction<MemorySegment> use) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment attributes = arena.allocate(ATTRIBUTES_BYTES, Long.BYTES);
      long told = SystemCall.SCHED_GETATTR.call(0, attributes.address(), ATTRIBUTES_BYTES, 0);
      int policy = attributes.get(ValueLayout.JAVA_INT, POLICY_AT);
      if (told < 0 || (policy != OTHER && policy != BATCH)) {
        return -1;
      }
      return use.applyAsLong(attributes);
    }
  }
}
