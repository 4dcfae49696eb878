// SPDX-License-Identifier: Apache-2.0
/** A program that depends on iommufd4j, as a module. */
module com.example.consumer {
  requires io.iommufd4j.core;
  requires io.iommufd4j.sim;
}
