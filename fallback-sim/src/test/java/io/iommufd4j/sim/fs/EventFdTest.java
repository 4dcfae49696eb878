// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.fs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class EventFdTest {

  private final Wakeups wakeups = new Wakeups();

  private static long read(EventFd.Counting file) {
    var buffer = MemorySegment.ofArray(new byte[16]);
    assertEquals(8, file.read(buffer));
    return buffer.get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
  }

  private static void write(EventFd.Counting file, long value) {
    assertEquals(8, file.write(MemorySegment.ofArray(new long[] {value})));
  }

  private static void refused(Errno errno, Executable what) {
    assertEquals(errno.name(), assertThrows(Refused.class, what).errno().name());
  }

  private EventFd.Counting nonblocking(int initial, int flags) {
    return new EventFd.Counting(wakeups, initial, flags | libc_h.EFD_NONBLOCK());
  }

  @Test
  void countsAndIsEmptiedByARead() {
    var file = nonblocking(-1, 0);
    assertEquals(0xffff_ffffL, read(file));
    write(file, 2);
    write(file, 3);
    file.signal();
    assertEquals(6, read(file));
    refused(Errno.EAGAIN, () -> read(file));
  }

  @Test
  void aSemaphoreGivesOneAtATime() {
    var file = nonblocking(2, libc_h.EFD_SEMAPHORE());
    assertEquals(1, read(file));
    assertEquals(1, read(file));
    refused(Errno.EAGAIN, () -> read(file));
  }

  @Test
  void aFullCounterRefusesAWriteAndBearsASignal() {
    var file = nonblocking(0, 0);
    write(file, -2);
    assertEquals(libc_h.POLLIN(), file.poll());
    refused(Errno.EAGAIN, () -> write(file, 1));
    write(file, 0);
    file.signal();
    assertEquals(libc_h.POLLIN() | libc_h.POLLERR(), file.poll());
    file.signal();
    assertEquals(-1, read(file));
    assertEquals(libc_h.POLLOUT(), file.poll());
  }

  @Test
  void malformedCallsAreRefused() {
    var file = nonblocking(1, 0);
    refused(Errno.EINVAL, () -> file.read(MemorySegment.ofArray(new byte[7])));
    refused(Errno.EINVAL, () -> file.write(MemorySegment.ofArray(new byte[7])));
    refused(Errno.EINVAL, () -> file.write(MemorySegment.ofArray(new byte[16])));
    refused(Errno.EINVAL, () -> write(file, -1));
    refused(Errno.EINVAL, () -> nonblocking(0, 8));
    refused(Errno.ESPIPE, () -> file.pread(MemorySegment.ofArray(new byte[8]), 0));
    refused(Errno.ENODEV, () -> file.mmap(4096, 3, libc_h.MAP_SHARED(), 0));
    refused(Errno.EINVAL, () -> file.truncate(0));
  }

  @Test
  void aBlockedReaderIsWoken() {
    var file = new EventFd.Counting(wakeups, 0, 0);
    var value = CompletableFuture.supplyAsync(() -> read(file));
    file.signal();
    assertEquals(1, value.join());
  }

  @Test
  void theEndOfTheKernelInterruptsAReader() {
    var file = new EventFd.Counting(wakeups, 0, 0);
    var value = CompletableFuture.supplyAsync(() -> read(file));
    wakeups.end();
    var failed = assertThrows(CompletionException.class, value::join);
    assertEquals(Refused.with(Errno.EINTR), failed.getCause());
  }
}
