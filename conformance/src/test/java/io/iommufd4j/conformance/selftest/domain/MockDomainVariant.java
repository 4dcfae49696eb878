// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.domain;

import java.util.Locale;

/**
 * The number of domains that the cases of {@code iommufd_mock_domain} map into, and the kind of
 * memory they map.
 */
enum MockDomainVariant {
  ONE_DOMAIN(1, false, false),
  TWO_DOMAINS(2, false, false),
  ONE_DOMAIN_HUGEPAGE(1, true, false),
  TWO_DOMAINS_HUGEPAGE(2, true, false),
  ONE_DOMAIN_FILE(1, false, true),
  ONE_DOMAIN_FILE_HUGEPAGE(1, true, true);

  private final int devices;
  private final boolean huge;
  private final boolean file;

  MockDomainVariant(int devices, boolean huge, boolean file) {
    this.devices = devices;
    this.huge = huge;
    this.file = file;
  }

  /** The number of devices attached to the IOAS. */
  int devices() {
    return devices;
  }

  /** True if memory is as large as two huge pages, and made of them where it is no file. */
  boolean huge() {
    return huge;
  }

  /** True if files are mapped. */
  boolean file() {
    return file;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
