// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.objects;

import static io.iommufd4j.conformance.Answers.ok;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.bindings.libc.pollfd;
import io.iommufd4j.conformance.Answers;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.selftest.driver.ObjectRequests;
import java.lang.foreign.MemorySegment;

/** The descriptor of a queue, closed after the test if not before. */
final class QueueFd {

  /** All that a queue may answer to {@code poll(2)}. */
  private static final int EVENTS = libc_h.POLLIN() | libc_h.POLLOUT();

  private final KernelUnderTest test;
  private final int fd;
  private boolean open = true;

  QueueFd(KernelUnderTest test, ObjectRequests.Queue queue) {
    ok(queue.answer());
    this.test = test;
    this.fd = queue.fd();
    test.keep(this::close);
  }

  /** {@code read(2)} of so many bytes, into new memory. */
  long read(MemorySegment into) {
    return test.kernel().read(fd, into);
  }

  /** {@code pread(2)}. */
  long pread(MemorySegment into, long offset) {
    return test.kernel().pread(fd, into, offset);
  }

  /** {@code write(2)}. */
  long write(MemorySegment from) {
    return test.kernel().write(fd, from);
  }

  /** {@code poll(2)} without waiting: what is ready. */
  int poll() {
    MemorySegment polled = test.arena().allocate(pollfd.layout());
    pollfd.fd(polled, fd);
    pollfd.events(polled, (short) EVENTS);
    ok(test.kernel().poll(polled, 0));
    return pollfd.revents(polled);
  }

  void close() {
    if (open) {
      open = false;
      Answers.ok(test.kernel().close(fd));
    }
  }
}
