// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance;

/**
 * Another program on the kernel under test, with files of its own. Every method answers as the
 * kernel does: a value ≥ 0 or −errno. Closing it makes it exit, and waits for that.
 */
public interface OtherProgram extends Handle {

  /** Its number, as under {@code /proc}. */
  long pid();

  /** {@code open(2)} for reading and writing. */
  int open(String path);

  /** {@code close(2)}. */
  int close(int descriptor);

  /**
   * {@code ioctl(2)}.
   *
   * @param block what the argument points to; the kernel's answer replaces it
   */
  int ioctl(int descriptor, int request, byte[] block);

  /** {@code memfd_create(2)} and {@code ftruncate(2)}: a descriptor of so many bytes. */
  int memory(long bytes);

  /** {@code mmap(2)} of the beginning of a file, shared and for reading and writing. */
  long map(int descriptor, long bytes);
}
