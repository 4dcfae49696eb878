// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio;

import io.iommufd4j.sim.lib.KernelRelease;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The parameters of VFIO's modules, which sysfs shows and changes; all are off at first.
 *
 * @param unsafeNoIommu {@code vfio.enable_unsafe_noiommu_mode}: functions without an IOMMU are
 *     taken, and containers translate nothing for them
 * @param type1UnsafeInterrupts {@code vfio_iommu_type1.allow_unsafe_interrupts}: containers take
 *     groups whose interrupts are not isolated
 * @param enableSriov {@code vfio_pci.enable_sriov}: functions of vfio-pci may be given virtual ones
 *     through sysfs
 * @param release which release's modules they are
 */
public record VfioParameters(
    AtomicBoolean unsafeNoIommu,
    AtomicBoolean type1UnsafeInterrupts,
    AtomicBoolean enableSriov,
    KernelRelease release) {

  /** All of them off. */
  VfioParameters(KernelRelease release) {
    this(new AtomicBoolean(), new AtomicBoolean(), new AtomicBoolean(), release);
  }
}
