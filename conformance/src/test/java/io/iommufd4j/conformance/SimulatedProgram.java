// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.sim.HostProcess;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A program of a simulated host: it lives in this very process. */
record SimulatedProgram(HostProcess process) implements OtherProgram {

  @Override
  public long pid() {
    return process.pid();
  }

  @Override
  public int open(String path) {
    return process.open(path, libc_h.O_RDWR() | libc_h.O_CLOEXEC());
  }

  @Override
  public int close(int descriptor) {
    return process.close(descriptor);
  }

  @Override
  public int ioctl(int descriptor, int request, byte[] block) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocateFrom(ValueLayout.JAVA_BYTE, block);
      int answer = process.ioctl(descriptor, request, memory);
      MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, 0, block, 0, block.length);
      return answer;
    }
  }

  @Override
  public int memory(long bytes) {
    int fd = process.memfd("conformance", 0);
    int answer = fd < 0 ? fd : process.ftruncate(fd, bytes);
    return answer < 0 ? answer : fd;
  }

  @Override
  public long map(int descriptor, long bytes) {
    int access = libc_h.PROT_READ() | libc_h.PROT_WRITE();
    return process.mmap(bytes, access, libc_h.MAP_SHARED(), descriptor, 0);
  }

  @Override
  public void close() {
    process.close();
  }
}
