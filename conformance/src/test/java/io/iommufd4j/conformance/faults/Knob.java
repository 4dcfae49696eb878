// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.faults;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.conformance.Answers;
import io.iommufd4j.conformance.KernelUnderTest;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/** A small file of text that takes what is written and says what it holds. */
record Knob(KernelUnderTest test, String path) {

  /**
   * Writes, then reads.
   *
   * @return what it says afterwards
   */
  String write(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    MemorySegment buffer = test.arena().allocate(64);
    MemorySegment.copy(bytes, 0, buffer, ValueLayout.JAVA_BYTE, 0, bytes.length);
    int file = Answers.ok(test.kernel().open(path, libc_h.O_WRONLY()));
    Answers.same(bytes.length, test.kernel().write(file, buffer.asSlice(0, bytes.length)));
    Answers.ok(test.kernel().close(file));
    return read();
  }

  /** The text that the file holds. */
  String read() {
    MemorySegment buffer = test.arena().allocate(64);
    int file = Answers.ok(test.kernel().open(path, libc_h.O_RDONLY()));
    int count = (int) Answers.ok(test.kernel().read(file, buffer));
    Answers.ok(test.kernel().close(file));
    byte[] said = buffer.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE);
    return new String(said, StandardCharsets.US_ASCII);
  }
}
