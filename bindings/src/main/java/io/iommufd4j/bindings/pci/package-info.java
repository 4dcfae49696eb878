/**
 * {@code linux/pci_regs.h} as jextract read it: where things are in PCI configuration space.
 * The other files are generated and are not edited by hand; {@code native-headers} says what is bound.
 */
package io.iommufd4j.bindings.pci;
