// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.replay;

import io.iommufd4j.exec.record.RecordedEvent;
import io.iommufd4j.kernel.Kernel;
import java.util.HashMap;
import java.util.Map;

/** Descriptors for those of the recorded processes. */
final class ReplayDescriptors implements AutoCloseable {

  /** None that is open. */
  static final int CLOSED = (1 << 20) - 1;

  private record Key(int pid, int fd) {}

  /** Memory with a name. */
  private record Memory(int fd, long bytes) {}

  private final Kernel kernel;
  private final Map<Integer, Integer> files = new HashMap<>();
  private final Map<Key, Integer> eventfds = new HashMap<>();
  private final Map<String, Memory> memory = new HashMap<>();

  ReplayDescriptors(Kernel kernel) {
    this.kernel = kernel;
  }

  void opened(int file, int fd) {
    files.put(file, fd);
  }

  /** The descriptor of a recorded file; one that is not open when there is none. */
  int of(int file) {
    return files.getOrDefault(file, CLOSED);
  }

  void close(int file) {
    Integer fd = files.remove(file);
    if (fd != null) {
      kernel.close(fd);
    }
  }

  /** The descriptor for one in the block of a request. */
  int of(int pid, RecordedEvent.Descriptor recorded) {
    return switch (recorded.is()) {
      case "recorded" -> of(recorded.file());
      case "memory" -> memory(recorded.name(), recorded.bytes());
      case "closed" -> recorded.fd() < 0 ? recorded.fd() : CLOSED;
      default -> eventfds.computeIfAbsent(new Key(pid, recorded.fd()), _ -> kernel.eventfd(0, 0));
    };
  }

  private int memory(String name, long bytes) {
    Memory known = memory.get(name);
    if (known != null && known.bytes() >= bytes) {
      return known.fd();
    }
    int fd = known == null ? kernel.memfd("replayed", 0) : known.fd();
    kernel.ftruncate(fd, bytes);
    memory.put(name, new Memory(fd, bytes));
    return fd;
  }

  @Override
  public void close() {
    files.values().forEach(kernel::close);
    eventfds.values().forEach(kernel::close);
    memory.values().forEach(one -> kernel.close(one.fd()));
  }
}
