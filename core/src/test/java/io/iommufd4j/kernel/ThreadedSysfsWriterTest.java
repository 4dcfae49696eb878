// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** On a kernel that takes every write, and lets one wait. */
class ThreadedSysfsWriterTest {

  private static final Duration PLENTY = Duration.ofMinutes(1);
  private static final int ANSWER = 7;

  private final List<String> written = Collections.synchronizedList(new ArrayList<>());
  private final CountDownLatch released = new CountDownLatch(1);
  private final CountDownLatch undone = new CountDownLatch(2);
  private final ThreadedSysfsWriter writer = new ThreadedSysfsWriter(kernel());

  private Kernel kernel() {
    return (Kernel)
        Proxy.newProxyInstance(
            Kernel.class.getClassLoader(),
            new Class<?>[] {Kernel.class},
            (_, method, arguments) ->
                switch (method.getName()) {
                  case "open" ->
                      "/sys/refused".equals(arguments[0]) ? Errno.EACCES.negated() : ANSWER;
                  case "write" -> write((MemorySegment) arguments[1]);
                  default -> 0;
                });
  }

  private long write(MemorySegment line) throws InterruptedException {
    String text = new String(line.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8).strip();
    if (text.equals("waits")) {
      assertTrue(released.await(PLENTY.toNanos(), TimeUnit.NANOSECONDS));
    }
    written.add(text);
    undone.countDown();
    return line.byteSize();
  }

  private void begin(String file, String text) {
    writer.begin(new SysfsWrite(Path.of(file), text));
  }

  @Test
  void theKernelsAnswerComesBack() {
    begin("/sys/bind", "0000:00:08.0");
    assertEquals(OptionalInt.of(0), writer.await(PLENTY));
    begin("/sys/refused", "x");
    assertEquals(OptionalInt.of(Errno.EACCES.negated()), writer.await(PLENTY));
    assertEquals(List.of("0000:00:08.0"), written);
  }

  @Test
  void aWriteThatIsGivenUpIsFollowedByTheUndoing() throws InterruptedException {
    writer.undo(List.of(new SysfsWrite(Path.of("/sys/bind"), "as it was")));
    begin("/sys/unbind", "waits");
    assertEquals(OptionalInt.empty(), writer.await(Duration.ofMillis(1)));
    assertThrows(IllegalStateException.class, () -> begin("/sys/bind", "second"));
    writer.leave();
    assertEquals(List.of(), written);
    released.countDown();
    assertTrue(undone.await(PLENTY.toNanos(), TimeUnit.NANOSECONDS));
    assertEquals(List.of("waits", "as it was"), written);
  }
}
