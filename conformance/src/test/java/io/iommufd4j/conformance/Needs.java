// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance;

import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.LinuxRelease;
import io.iommufd4j.kernel.Request;

/**
 * Abilities that tests need and Linux 6.12 lacks: there, a test that asks for one is skipped, and
 * the reason names it. Commands are apart, see {@link #request}.
 */
public enum Needs {
  /** Tokens and blocks that grow in {@code VFIO_DEVICE_BIND_IOMMUFD}. */
  BIND_TOKENS,
  /** The error interrupt of a function without PCI Express. */
  ERROR_INTERRUPT_OF_EVERY_FUNCTION,
  /** {@code VFIO_DEVICE_FEATURE_DMA_BUF} and {@code _MIG_PRECOPY_INFOv2}. */
  EXPORTED_BARS,
  /** {@code IOMMU_HWPT_FAULT_ID_VALID} with an IOAS. */
  FAULT_QUEUES_OF_HWPTS,
  /** {@code IOMMU_HWPT_INVALIDATE} tells an object of another kind from an id without one. */
  INVALIDATE_OF_OTHER_KINDS,
  /** Devices of the mock driver beside those of another, and its later operations. */
  MOCK_BESIDE_OTHERS,
  /** {@code VFIO_DEVICE_ATTACH_PASID} and {@code IOMMU_HWPT_ALLOC_PASID}. */
  PASIDS;

  private static final LinuxRelease COMPLETE = new LinuxRelease(7, 3);

  /** Skips the test on a kernel without the ability. */
  public void of(KernelUnderTest test) {
    of(test.kernel());
  }

  void of(Kernel kernel) {
    if (older(kernel)) {
      throw new MissingAbility(name() + ", which Linux 6.12 lacks");
    }
  }

  /** True if a kernel is older than the one that has everything. */
  static boolean older(Kernel kernel) {
    return COMPLETE.after(release(kernel));
  }

  /** Skips the test on a kernel that is older than a request. */
  public static void request(Kernel kernel, Request request) {
    LinuxRelease now = release(kernel);
    request
        .since()
        .filter(since -> since.after(now))
        .ifPresent(since -> {
          throw new MissingAbility(request + ", which Linux " + since + " brought");
        });
  }

  private static LinuxRelease release(Kernel kernel) {
    return LinuxRelease.parse(kernel.identity().release()).orElseThrow();
  }
}
