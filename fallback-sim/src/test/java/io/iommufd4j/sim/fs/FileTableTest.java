// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.fs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class FileTableTest {

  /** A file that counts how often it is released. */
  private static final class Counted implements OpenFile {
    int released;

    @Override
    public void release() {
      released++;
    }
  }

  private final FileTable table = new FileTable();
  private final Counted file = new Counted();

  private static void badDescriptor(Executable what) {
    assertEquals(Errno.EBADF, assertThrows(Refused.class, what).errno());
  }

  @Test
  void theLowestFreeDescriptorIsGivenOut() {
    assertEquals(3, table.open(file, libc_h.O_RDWR()));
    assertEquals(4, table.open(new Counted(), libc_h.O_RDWR()));
    assertEquals(5, table.open(new Counted(), libc_h.O_RDWR()));
    table.close(4);
    assertEquals(4, table.dup(3));
    assertSame(file, table.find(4));
  }

  @Test
  void theLastReferenceReleases() {
    int fd = table.open(file, libc_h.O_RDWR());
    int second = table.dup(fd);
    table.close(fd);
    assertEquals(0, file.released);
    assertSame(file, table.hold(second));
    table.close(second);
    assertEquals(0, file.released, "a call is under way");
    assertNull(table.find(second));
    table.drop(file);
    assertEquals(1, file.released);
    table.drop(file);
    assertEquals(1, file.released);
  }

  @Test
  void aClosedDescriptorIsBad() {
    int fd = table.open(file, libc_h.O_RDWR());
    table.close(fd);
    badDescriptor(() -> table.close(fd));
    badDescriptor(() -> table.dup(fd));
    badDescriptor(() -> table.hold(fd));
    badDescriptor(() -> table.hold(-1));
    badDescriptor(() -> table.hold(Integer.MAX_VALUE));
    badDescriptor(() -> table.close(0));
  }

  @Test
  void accessIsWhatItWasOpenedFor() {
    int reading = table.open(file, libc_h.O_RDONLY());
    int writing = table.open(new Counted(), libc_h.O_WRONLY());
    badDescriptor(() -> table.holdToWrite(reading));
    badDescriptor(() -> table.holdToRead(writing));
    assertSame(file, table.holdToRead(reading));
  }

  @Test
  void closingAllReleasesAll() {
    var other = new Counted();
    table.dup(table.open(file, libc_h.O_RDWR()));
    table.open(other, libc_h.O_RDWR());
    table.closeAll();
    assertEquals(1, file.released);
    assertEquals(1, other.released);
    assertEquals(0, table.size());
  }
}
