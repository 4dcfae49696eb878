package io.iommufd4j.cli.replace;

import io.iommufd4j.host.PciDevice;

/**
 * A device of the group that changes translation.
 *
 * @param device as it was found
 * @param toBind whether it is handed to vfio-pci for the run, and given back after
 * @param attached whether it is bound to the iommufd and attached; a sibling that is not moves
 *     along all the same
 */
public record Participant(PciDevice device, boolean toBind, boolean attached) {}
