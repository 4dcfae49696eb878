// SPDX-License-Identifier: Apache-2.0
/** An extension of JUnit that gives each test a simulated kernel of its own. */
module io.iommufd4j.junit {
  requires transitive io.iommufd4j.sim;
  requires transitive org.junit.jupiter.api;
  requires org.junit.platform.commons;
  requires org.opentest4j;
  requires static transitive org.jspecify;

  exports io.iommufd4j.junit;

  // JUnit makes the extension by reflection.
  opens io.iommufd4j.junit to
      org.junit.platform.commons;
}
