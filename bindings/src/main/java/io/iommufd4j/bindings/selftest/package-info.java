/**
 * {@code iommufd_test.h} as jextract read it: the command of a kernel built with {@code CONFIG_IOMMUFD_TEST}.
 * The other files are generated and are not edited by hand; {@code native-headers} says what is bound.
 */
package io.iommufd4j.bindings.selftest;
