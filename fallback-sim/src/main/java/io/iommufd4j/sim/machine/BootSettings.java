// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.machine;

import java.util.OptionalLong;

/**
 * Settings of a machine's kernel: its parameters, and those of its firmware and administrator.
 *
 * @param isolatedInterrupts whether a stray write of a device cannot raise another's interrupt;
 *     where it can, {@code VFIO_DEVICE_BIND_IOMMUFD} answers EPERM
 * @param allowUnsafeInterrupts {@code iommufd.allow_unsafe_interrupts}: it does not, then
 * @param unsafeNoIommu {@code vfio.enable_unsafe_noiommu_mode}: whether VFIO takes functions that
 *     have no IOMMU
 * @param memlock {@code RLIMIT_MEMLOCK} of programs in bytes; empty for Linux' own
 * @param hugePages the number of pages of 2 MiB in the pool
 */
public record BootSettings(
    boolean isolatedInterrupts,
    boolean allowUnsafeInterrupts,
    boolean unsafeNoIommu,
    OptionalLong memlock,
    long hugePages) {

  /** Interrupts are isolated, and nothing is set. */
  public static final BootSettings USUAL =
      new BootSettings(true, false, false, OptionalLong.empty(), 0);

  BootSettings withIsolatedInterrupts(boolean isolated) {
    return new BootSettings(isolated, allowUnsafeInterrupts, unsafeNoIommu, memlock, hugePages);
  }

  BootSettings withUnsafeNoIommu(boolean unsafe) {
    return new BootSettings(isolatedInterrupts, allowUnsafeInterrupts, unsafe, memlock, hugePages);
  }
}
