// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.fs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.bindings.libc.pollfd;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class PollTest {

  private final FileTable table = new FileTable();
  private final Wakeups wakeups = new Wakeups();
  private final Poll poll = new Poll(table, wakeups);
  private final MemorySegment fds = pollfd.allocateArray(2, Arena.ofAuto());

  private void ask(int index, int fd, int events) {
    var one = pollfd.asSlice(fds, index);
    pollfd.fd(one, fd);
    pollfd.events(one, (short) events);
    pollfd.revents(one, (short) -1);
  }

  private int answer(int index) {
    return pollfd.revents(pollfd.asSlice(fds, index)) & 0xffff;
  }

  @Test
  void tellsWhichAreReady() {
    var event = new EventFd.Counting(wakeups, 0, 0);
    ask(0, table.open(event, libc_h.O_RDWR()), libc_h.POLLIN());
    ask(1, table.open(new OpenFile() {}, libc_h.O_RDWR()), libc_h.POLLIN() | libc_h.POLLPRI());
    assertEquals(1, poll.poll(fds, -1));
    assertEquals(0, answer(0));
    assertEquals(libc_h.POLLIN(), answer(1));
    event.signal();
    assertEquals(2, poll.poll(fds, 0));
  }

  @Test
  void aClosedDescriptorIsToldAndANegativeOneIsPassedOver() {
    ask(0, 77, libc_h.POLLIN());
    ask(1, -1, libc_h.POLLIN());
    assertEquals(1, poll.poll(fds, -1));
    assertEquals(libc_h.POLLNVAL(), answer(0));
    assertEquals(0, answer(1));
  }

  @Test
  void timeRunsOut() {
    ask(0, table.open(new EventFd.Counting(wakeups, 0, 0), libc_h.O_RDWR()), libc_h.POLLIN());
    ask(1, -1, 0);
    assertEquals(0, poll.poll(fds, 0));
    assertEquals(0, poll.poll(fds, 5));
    assertEquals(0, answer(0));
  }

  @Test
  void aSignalEndsTheWait() {
    var event = new EventFd.Counting(wakeups, 0, 0);
    ask(0, table.open(event, libc_h.O_RDWR()), libc_h.POLLIN());
    ask(1, -1, 0);
    var ready = CompletableFuture.supplyAsync(() -> poll.poll(fds, -1));
    event.signal();
    assertEquals(1, ready.join());
  }

  @Test
  void anInterruptIsEintr() {
    ask(0, -1, 0);
    ask(1, -1, 0);
    Thread.currentThread().interrupt();
    var refused = assertThrows(Refused.class, () -> poll.poll(fds, -1));
    assertTrue(Thread.interrupted());
    assertEquals(Errno.EINTR, refused.errno());
  }

  @Test
  void halfAnElementIsRefused() {
    var refused = assertThrows(Refused.class, () -> poll.poll(fds.asSlice(0, 12), 0));
    assertEquals(Errno.EINVAL, refused.errno());
  }
}
