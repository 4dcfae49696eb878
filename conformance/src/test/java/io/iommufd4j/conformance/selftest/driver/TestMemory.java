// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.driver;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.conformance.Answers;
import io.iommufd4j.conformance.Handle;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.kernel.Kernel;
import java.lang.foreign.MemorySegment;

/** Shared user memory of the kinds that the kernel's cases map: small pages, huge ones, files. */
public final class TestMemory implements Handle {

  /** Bytes in a page. */
  public static final long PAGE = 4096;

  /** Bytes in a huge page. */
  public static final long HUGE_PAGE = 2L << 20;

  /** As much as most cases map. */
  public static final long BUFFER = 16 * PAGE;

  private static final int READ_WRITE = libc_h.PROT_READ() | libc_h.PROT_WRITE();
  private static final int SHARED = libc_h.MAP_SHARED();
  private static final int MAP_POPULATE = 0x8000;
  private static final int NO_FILE = -1;

  private final Kernel kernel;
  private final long mapped;
  private final long mappedBytes;
  private final long address;
  private final long bytes;
  private final int fd;
  private boolean open = true;

  private TestMemory(Kernel kernel, long mapped, long mappedBytes, long bytes, int fd) {
    this.kernel = kernel;
    this.mapped = mapped;
    this.mappedBytes = mappedBytes;
    this.address = bytes == mappedBytes ? mapped : (mapped + HUGE_PAGE - 1) & -HUGE_PAGE;
    this.bytes = bytes;
    this.fd = fd;
  }

  /** Anonymous memory that starts where a huge page could. */
  public static TestMemory aligned(KernelUnderTest test, long bytes) {
    return map(test, bytes, bytes + HUGE_PAGE, SHARED | libc_h.MAP_ANONYMOUS(), NO_FILE);
  }

  /** Anonymous memory of small pages. */
  public static TestMemory small(KernelUnderTest test, long bytes) {
    return map(test, bytes, bytes, SHARED | libc_h.MAP_ANONYMOUS(), NO_FILE);
  }

  /** Anonymous memory of huge pages. */
  public static TestMemory huge(KernelUnderTest test, long bytes) {
    test.holdHugePages(bytes / HUGE_PAGE);
    int flags = SHARED | libc_h.MAP_ANONYMOUS() | libc_h.MAP_HUGETLB() | MAP_POPULATE;
    return map(test, bytes, bytes, flags, NO_FILE);
  }

  /** A file of small pages, mapped. */
  public static TestMemory file(KernelUnderTest test, long bytes) {
    return file(test, bytes, 0);
  }

  /** A file of huge pages, mapped. */
  public static TestMemory hugeFile(KernelUnderTest test, long bytes) {
    test.holdHugePages(bytes / HUGE_PAGE);
    return file(test, bytes, libc_h.MFD_HUGETLB());
  }

  /** A file, mapped so that what is written to stays the process' own. */
  public static TestMemory privateFile(KernelUnderTest test, long bytes) {
    return map(test, bytes, bytes, libc_h.MAP_PRIVATE(), file(test.kernel(), bytes, 0));
  }

  private static TestMemory file(KernelUnderTest test, long bytes, int flags) {
    return map(test, bytes, bytes, SHARED, file(test.kernel(), bytes, flags));
  }

  private static int file(Kernel kernel, long bytes, int flags) {
    int fd = Answers.ok(kernel.memfd("buffer", flags));
    Answers.ok(kernel.ftruncate(fd, bytes));
    return fd;
  }

  private static TestMemory map(
      KernelUnderTest test, long bytes, long mappedBytes, int flags, int fd) {
    Kernel kernel = test.kernel();
    long mapped = Answers.ok(kernel.mmap(mappedBytes, READ_WRITE, flags, fd, 0));
    return test.keep(new TestMemory(kernel, mapped, mappedBytes, bytes, fd));
  }

  /** User address of the first byte. */
  public long address() {
    return address;
  }

  /** Length in bytes. */
  public long bytes() {
    return bytes;
  }

  /** Descriptor of the file that is mapped. */
  public int fd() {
    if (fd == NO_FILE) {
      throw new IllegalStateException("anonymous memory has no descriptor");
    }
    return fd;
  }

  /** The memory itself. */
  public MemorySegment memory() {
    return MemorySegment.ofAddress(address).reinterpret(bytes);
  }

  /** Gives part of it back before the rest: {@code munmap(2)}'s answer. */
  public int unmap(long offset, long length) {
    return kernel.munmap(address + offset, length);
  }

  /** Gives it back; once is enough. */
  @Override
  public void close() {
    if (open) {
      open = false;
      Answers.ok(kernel.munmap(mapped, mappedBytes));
      if (fd != NO_FILE) {
        Answers.ok(kernel.close(fd));
      }
    }
  }
}
