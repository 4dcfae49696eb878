// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.trace;

import io.iommufd4j.exec.record.RecordedEvent;
import io.iommufd4j.exec.record.RecordedKind;
import io.iommufd4j.kernel.ForeignRequest;
import java.lang.foreign.MemorySegment;

/** A thread that makes a call, as it is seen from outside. */
interface Caller extends ForeignRequest.Memory {

  /** {@return its numbers} */
  RecordedEvent.By by();

  @Override
  default MemorySegment read(long address, long bytes) {
    return new ThreadMemory(by().tid()).read(address, bytes);
  }

  /** {@return number of the recorded file behind a descriptor; {@link RecordedEvent#NO_FILE}} */
  int file(int fd);

  /**
   * A call has just given it a descriptor.
   *
   * @param fd the descriptor
   * @param kind what it is of
   * @return the number of the file, a new one
   */
  int newFile(int fd, RecordedKind kind);

  /** {@return the name of the file behind a descriptor, as {@code /proc/PID/fd} has it; or ""} */
  String name(int fd);
}
