// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.process;

import io.iommufd4j.linux.HostFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The identity of a file of the host under any descriptor.
 *
 * @param device the file system that has it
 * @param number within that
 */
public record HostInode(long device, long number) {

  /** {@return that of a descriptor of this process} */
  public static HostInode of(int fd) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment statistics = HostFile.statistics();
      long number = HostFile.inode(fd, arena.allocate(1), statistics);
      return new HostInode(HostFile.device(statistics), number);
    }
  }
}
