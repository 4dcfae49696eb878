/**
 * {@code linux/iommufd.h} as jextract read it: the 22 commands of {@code /dev/iommu}, their structs, flags and enums.
 * The other files are generated and are not edited by hand; {@code native-headers} says what is bound.
 */
package io.iommufd4j.bindings.iommufd;
