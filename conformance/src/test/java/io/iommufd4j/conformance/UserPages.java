// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.kernel.Kernel;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Whole pages of user memory, made and unmade by the kernel under test. */
public final class UserPages implements Handle {

  /** Bytes in a page, on every machine the tests run on. */
  public static final long PAGE = 4096;

  /** Bytes in a huge page. */
  public static final long HUGE_PAGE = 2L << 20;

  static final int READ = libc_h.PROT_READ();
  static final int WRITE = libc_h.PROT_WRITE();

  private final Kernel kernel;
  private final long address;
  private final long bytes;
  private boolean mapped = true;

  private UserPages(Kernel kernel, long bytes, int protection, int flags, int file) {
    this.kernel = kernel;
    this.bytes = bytes;
    this.address = Answers.ok(kernel.mmap(bytes, protection, flags, file, 0));
  }

  static UserPages anonymous(Kernel kernel, long pages, int protection) {
    int flags = libc_h.MAP_PRIVATE() | libc_h.MAP_ANONYMOUS();
    return new UserPages(kernel, pages * PAGE, protection, flags, -1);
  }

  /** Pages that a child would share, as the kernel's own tests take them. */
  static UserPages shared(Kernel kernel, long pages) {
    int flags = libc_h.MAP_SHARED() | libc_h.MAP_ANONYMOUS();
    return new UserPages(kernel, pages * PAGE, READ | WRITE, flags, -1);
  }

  /** As {@link #shared}, in huge pages of the kernel's pool. */
  static UserPages huge(Kernel kernel, long hugePages) {
    int flags = libc_h.MAP_SHARED() | libc_h.MAP_ANONYMOUS() | libc_h.MAP_HUGETLB();
    return new UserPages(kernel, hugePages * HUGE_PAGE, READ | WRITE, flags, -1);
  }

  /** The first pages of a file. */
  static UserPages ofFile(Kernel kernel, int file, long pages, int protection) {
    return new UserPages(kernel, pages * PAGE, protection, libc_h.MAP_SHARED(), file);
  }

  /** User address of the first byte. */
  public long address() {
    return address;
  }

  /** Length in bytes. */
  public long bytes() {
    return bytes;
  }

  /** The memory itself. */
  public MemorySegment memory() {
    if (!mapped) {
      throw new IllegalStateException("the pages were given back");
    }
    return MemorySegment.ofAddress(address).reinterpret(bytes);
  }

  /** Fills each page with a text over and over, so that bytes tell whose they are. */
  public UserPages fill(String text) {
    byte[] word = text.getBytes(StandardCharsets.US_ASCII);
    MemorySegment memory = memory();
    for (long i = 0; i < bytes; i++) {
      memory.set(ValueLayout.JAVA_BYTE, i, word[(int) (i % word.length)]);
    }
    return this;
  }

  /** The first bytes of a page, as text. */
  public String text(long page, int length) {
    byte[] read = memory().asSlice(page * PAGE, length).toArray(ValueLayout.JAVA_BYTE);
    return new String(read, StandardCharsets.US_ASCII);
  }

  /** True if all bytes of a page have one value. */
  public boolean all(long page, int value) {
    byte[] read = memory().asSlice(page * PAGE, PAGE).toArray(ValueLayout.JAVA_BYTE);
    byte[] wanted = new byte[(int) PAGE];
    Arrays.fill(wanted, (byte) value);
    return Arrays.equals(read, wanted);
  }

  /** Gives the pages back: their addresses are bad from now on. */
  @Override
  public void close() {
    if (mapped) {
      mapped = false;
      Answers.ok(kernel.munmap(address, bytes));
    }
  }
}
