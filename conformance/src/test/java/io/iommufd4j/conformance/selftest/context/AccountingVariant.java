// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.context;

import java.util.Locale;

/** The account that pinned pages count against in the cases of {@code change_process}. */
enum AccountingVariant {
  /** {@code IOMMU_OPTION_RLIMIT_MODE} is left alone. */
  ACCOUNT_NONE,
  /** All that the user has pinned. */
  ACCOUNT_USER,
  /** The locked memory of the process. */
  ACCOUNT_MM;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
