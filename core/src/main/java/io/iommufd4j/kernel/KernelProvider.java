// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.kernel;

/** A way to get a kernel. Found by {@link java.util.ServiceLoader}; chosen by {@link Backend}. */
public interface KernelProvider {

  /** {@return {@link KernelIdentity#NATIVE} or {@link KernelIdentity#SIM}} */
  String backend();

  /**
   * Tries what it takes to serve a purpose here, by doing it and undoing it, and says why not.
   *
   * @param purpose the use that the caller has for the kernel
   * @return available, or the reason and what would help
   */
  Availability probe(Backend.Purpose purpose);

  /**
   * Opens the kernel. Only sensible after {@link #probe} said {@link Availability.Available}.
   *
   * @return a new kernel, the caller's to close
   */
  Kernel open();
}
