// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.bindings.libc.pollfd;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ProcessFacts;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class NativeKernelTest {

  private static final int NEVER_OPEN = 1_000_000_000;

  private final NativeKernel kernel = new NativeKernel();
  private final Arena arena = Arena.ofShared();
  private final ArrayList<Integer> opened = new ArrayList<>();

  @AfterEach
  void closeAll() {
    for (int fd : opened) {
      assertEquals(0, kernel.close(fd));
    }
    arena.close();
  }

  private int keep(int fd) {
    assertTrue(fd >= 0, () -> Errno.name(fd));
    opened.add(fd);
    return fd;
  }

  private MemorySegment text(String text) {
    return arena.allocateFrom(ValueLayout.JAVA_BYTE, text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void ioctlOfAFileThatKnowsNoSuchRequestIsNotty() {
    int file = keep(kernel.open("/dev/null", libc_h.O_RDWR() | libc_h.O_CLOEXEC()));
    int memory = keep(kernel.memfd("ioctl", libc_h.MFD_CLOEXEC()));
    var request = arena.allocate(64);
    assertEquals(Errno.ENOTTY.negated(), kernel.ioctl(file, iommufd_h.IOMMU_IOAS_ALLOC(), request));
    assertEquals(
        Errno.ENOTTY.negated(), kernel.ioctl(memory, iommufd_h.IOMMU_IOAS_ALLOC(), request));
  }

  @Test
  void callsOnADescriptorThatIsNotOpenAreBadf() {
    var buffer = arena.allocate(8);
    assertEquals(
        Errno.EBADF.negated(), kernel.ioctl(NEVER_OPEN, iommufd_h.IOMMU_IOAS_ALLOC(), buffer));
    assertEquals(Errno.EBADF.negated(), kernel.read(NEVER_OPEN, buffer));
    assertEquals(Errno.EBADF.negated(), kernel.write(NEVER_OPEN, buffer));
    assertEquals(Errno.EBADF.negated(), kernel.pread(NEVER_OPEN, buffer, 0));
    assertEquals(Errno.EBADF.negated(), kernel.pwrite(NEVER_OPEN, buffer, 0));
    assertEquals(Errno.EBADF.negated(), kernel.dup(NEVER_OPEN));
    assertEquals(Errno.EBADF.negated(), kernel.close(NEVER_OPEN));
    assertEquals(Errno.EBADF.negated(), kernel.ftruncate(NEVER_OPEN, 4096));
    assertEquals(
        Errno.EBADF.negated(),
        kernel.mmap(4096, libc_h.PROT_READ(), libc_h.MAP_SHARED(), NEVER_OPEN, 0));
  }

  @Test
  void openSaysWhyNot() {
    assertEquals(Errno.ENOENT.negated(), kernel.open("/dev/no-such-file", libc_h.O_RDONLY()));
    assertEquals(Errno.ENOTDIR.negated(), kernel.open("/dev/null/child", libc_h.O_RDONLY()));
    assertEquals(Errno.EISDIR.negated(), kernel.open("/proc", libc_h.O_RDWR()));
  }

  @Test
  void aBadAddressIsFaultAndNotACrash() {
    int memory = keep(kernel.memfd("fault", libc_h.MFD_CLOEXEC()));
    assertEquals(0, kernel.ftruncate(memory, 4096));
    var nowhere = MemorySegment.ofAddress(16).reinterpret(64);
    assertEquals(Errno.EFAULT.negated(), kernel.pread(memory, nowhere, 0));
    assertEquals(Errno.EFAULT.negated(), kernel.pwrite(memory, nowhere, 0));
  }

  @Test
  void memoryMappedAndMemoryReadAreTheSame() {
    long size = kernel.process().pageSize();
    int memory = keep(kernel.memfd("round trip", libc_h.MFD_CLOEXEC()));
    assertEquals(0, kernel.ftruncate(memory, size));
    long address =
        kernel.mmap(size, libc_h.PROT_READ() | libc_h.PROT_WRITE(), libc_h.MAP_SHARED(), memory, 0);
    assertTrue(address > 0, () -> Errno.name((int) address));
    assertEquals(0, address % size);
    var mapped = MemorySegment.ofAddress(address).reinterpret(size);

    mapped.set(ValueLayout.JAVA_LONG, 128, 0x0123_4567_89ab_cdefL);
    var buffer = arena.allocate(ValueLayout.JAVA_LONG);
    assertEquals(8, kernel.pread(memory, buffer, 128));
    assertEquals(0x0123_4567_89ab_cdefL, buffer.get(ValueLayout.JAVA_LONG, 0));

    buffer.set(ValueLayout.JAVA_LONG, 0, -42);
    assertEquals(8, kernel.pwrite(memory, buffer, size - 8));
    assertEquals(-42, mapped.get(ValueLayout.JAVA_LONG, size - 8));
    assertEquals(0, kernel.pread(memory, buffer, size), "nothing is left past the end");

    assertEquals(0, kernel.munmap(address, size));
    assertEquals(Errno.EINVAL.negated(), kernel.munmap(address + 1, size));
  }

  @Test
  void writeMovesTheOffsetThatReadStartsFrom() {
    int memory = keep(kernel.memfd("offset", libc_h.MFD_CLOEXEC()));
    assertEquals(5, kernel.write(memory, text("hello")));
    var buffer = arena.allocate(16);
    assertEquals(0, kernel.read(memory, buffer));
    assertEquals(5, kernel.pread(memory, buffer, 0));
    assertArrayEquals(
        "hello".getBytes(StandardCharsets.UTF_8),
        buffer.asSlice(0, 5).toArray(ValueLayout.JAVA_BYTE));
  }

  @Test
  void eventfdIsReadyOnceItCounts() {
    int event = keep(kernel.eventfd(0, libc_h.EFD_CLOEXEC() | libc_h.EFD_NONBLOCK()));
    var waits = pollfd.allocateArray(2, arena);
    pollfd.fd(pollfd.asSlice(waits, 0), event);
    pollfd.events(pollfd.asSlice(waits, 0), (short) libc_h.POLLIN());
    pollfd.fd(pollfd.asSlice(waits, 1), NEVER_OPEN);
    var one = waits.asSlice(0, pollfd.sizeof());
    var counter = arena.allocate(ValueLayout.JAVA_LONG);

    assertEquals(0, kernel.poll(one, 0));
    assertEquals(Errno.EAGAIN.negated(), kernel.read(event, counter));

    counter.set(ValueLayout.JAVA_LONG, 0, 3);
    assertEquals(8, kernel.write(event, counter));
    assertEquals(2, kernel.poll(waits, -1));
    assertEquals(libc_h.POLLIN(), pollfd.revents(pollfd.asSlice(waits, 0)));
    assertEquals(libc_h.POLLNVAL(), pollfd.revents(pollfd.asSlice(waits, 1)));

    assertEquals(8, kernel.read(event, counter));
    assertEquals(3, counter.get(ValueLayout.JAVA_LONG, 0));
  }

  @Test
  void aDuplicateIsTheSameOpenFileAndClosedOnExec() throws IOException {
    int memory = keep(kernel.memfd("dup", libc_h.MFD_CLOEXEC()));
    int twin = keep(kernel.dup(memory));
    assertNotEquals(memory, twin);
    assertEquals(3, kernel.write(twin, text("abc")));
    assertEquals(3, kernel.write(memory, text("def")));
    var buffer = arena.allocate(6);
    assertEquals(6, kernel.pread(memory, buffer, 0));
    int flags =
        Integer.parseInt(
            Files.readAllLines(Path.of("/proc/self/fdinfo/" + twin)).stream()
                .filter(line -> line.startsWith("flags:"))
                .findFirst()
                .orElseThrow()
                .substring("flags:".length())
                .strip(),
            8);
    assertEquals(libc_h.O_CLOEXEC(), flags & libc_h.O_CLOEXEC());
  }

  @Test
  void eachThreadSeesItsOwnErrno() throws InterruptedException, ExecutionException {
    int file = keep(kernel.open("/dev/null", libc_h.O_RDWR() | libc_h.O_CLOEXEC()));
    var wrong = new ArrayList<Future<Integer>>();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 16; i++) {
        int fd = i % 2 == 0 ? file : NEVER_OPEN;
        int expected = i % 2 == 0 ? Errno.ENOTTY.negated() : Errno.EBADF.negated();
        wrong.add(
            threads.submit(() -> {
              int others = 0;
              for (int n = 0; n < 2000; n++) {
                if (kernel.ioctl(fd, iommufd_h.IOMMU_DESTROY(), MemorySegment.NULL) != expected) {
                  others++;
                }
              }
              return others;
            }));
      }
    }
    for (var count : wrong) {
      assertEquals(0, count.get());
    }
  }

  @Test
  void memoryTheKernelCannotReachIsRefusedBeforeTheCall() {
    int memory = keep(kernel.memfd("heap", libc_h.MFD_CLOEXEC()));
    assertThrows(
        IllegalArgumentException.class,
        () -> kernel.write(memory, MemorySegment.ofArray(new byte[8])));
    var closed = Arena.ofShared();
    var buffer = closed.allocate(8);
    closed.close();
    assertThrows(IllegalStateException.class, () -> kernel.write(memory, buffer));
  }

  @Test
  void factsOfTheProcessAgreeWithProc() throws IOException {
    var facts = kernel.process();
    var limit =
        Files.readAllLines(Path.of("/proc/self/limits")).stream()
            .filter(line -> line.startsWith("Max locked memory"))
            .map(line -> line.substring("Max locked memory".length()).strip().replaceAll(" .*", ""))
            .findFirst()
            .orElseThrow();
    assertEquals(
        limit,
        facts.memlockLimit() == ProcessFacts.UNLIMITED
            ? "unlimited"
            : Long.toString(facts.memlockLimit()));
    assertEquals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"), facts.userId());
    assertEquals(1, Long.bitCount(facts.pageSize()));
    assertTrue(facts.pinnedBytes() >= 0);
  }

  @Test
  void answersAsTheHostsOwnKernel() throws IOException {
    assertFalse(kernel.identity().simulated());
    assertEquals(
        Files.readString(Path.of("/proc/sys/kernel/osrelease")).strip(),
        kernel.identity().release());
    assertEquals(Path.of("/sys"), kernel.sysfs());
  }
}
