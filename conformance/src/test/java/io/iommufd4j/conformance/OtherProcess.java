// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance;

/**
 * Another process on the kernel under test, as {@code fork(2)} makes it: it has this one's open
 * files, and maps what this one maps of a file. Closing it makes it exit, and waits for that.
 */
public interface OtherProcess extends Handle {

  /** Its number, as under {@code /proc}. */
  long pid();

  /**
   * {@code ioctl(2)} by it: ≥ 0 or −errno. Addresses in the block are its own.
   *
   * @param iommufd a file of this process that it has as well
   */
  int ioctl(OpenIommufd iommufd, RequestBlock block);

  /**
   * The address at which it has a file mapped, shared and for reading and writing.
   *
   * @param file a descriptor of this process that it has as well
   * @param address where this process has it mapped
   */
  long mapped(int file, long address, long bytes);
}
