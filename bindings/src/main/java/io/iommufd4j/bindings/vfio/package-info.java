/**
 * {@code linux/vfio.h} as jextract read it: the requests of VFIO devices, cdevs, groups and the type 1 container, with their structs.
 * The other files are generated and are not edited by hand; {@code native-headers} says what is bound and what is left out.
 */
package io.iommufd4j.bindings.vfio;
