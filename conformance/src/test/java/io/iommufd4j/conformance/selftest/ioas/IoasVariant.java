// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.ioas;

import io.iommufd4j.conformance.selftest.driver.MockIommufd;
import java.util.Locale;

/** The devices and limits beside the IOAS in the cases of {@code iommufd_ioas}. */
enum IoasVariant {
  NO_DOMAIN(0, MockIommufd.DEFAULT_MEMORY_LIMIT, false),
  MOCK_DOMAIN(1, MockIommufd.DEFAULT_MEMORY_LIMIT, true),
  TWO_MOCK_DOMAIN(2, MockIommufd.DEFAULT_MEMORY_LIMIT, false),
  /** With so little memory that pages are pinned and mapped a few at a time. */
  MOCK_DOMAIN_LIMIT(1, 16, false);

  private final int devices;
  private final int memoryLimit;
  private final boolean pasid;

  IoasVariant(int devices, int memoryLimit, boolean pasid) {
    this.devices = devices;
    this.memoryLimit = memoryLimit;
    this.pasid = pasid;
  }

  /** The number of devices attached to the IOAS. */
  int devices() {
    return devices;
  }

  /** The memory that the kernel may take for a batch of pages, in bytes. */
  int memoryLimit() {
    return memoryLimit;
  }

  /** True if a device with PASIDs is attached as well. */
  boolean pasid() {
    return pasid;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
