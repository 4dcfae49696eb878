// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.replace;

import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.HostUse;
import io.iommufd4j.pci.PciDevice;
import java.util.List;
import java.util.stream.Stream;

/**
 * A device of the group that changes translation.
 *
 * @param device as it was found
 * @param toBind true if it is handed to vfio-pci for the run, and given back after
 * @param attached true if it is bound to the iommufd and attached; a sibling that is not moves
 *     along all the same
 * @param takesToken true if it has to do with SR-IOV, so that a VF token may be wanted of its user
 * @param virtualFunctions those that go while it is handed to vfio-pci, and come back after
 * @param losses the uses that the host has of it and of those, and loses for the run, one clause
 *     each
 */
public record Participant(
    PciDevice device,
    boolean toBind,
    boolean attached,
    boolean takesToken,
    List<PciDevice> virtualFunctions,
    List<String> losses) {

  /** Copies the lists. */
  public Participant {
    virtualFunctions = List.copyOf(virtualFunctions);
    losses = List.copyOf(losses);
  }

  static Participant of(Host host, PciDevice device, boolean toBind, boolean attached) {
    boolean takesToken = device.physicalFunction().isPresent() || host.isPhysicalFunction(device);
    List<PciDevice> functions = toBind ? host.virtualFunctions(device) : List.of();
    Stream<PciDevice> taken =
        toBind ? Stream.concat(Stream.of(device), functions.stream()) : Stream.of();
    return new Participant(
        device,
        toBind,
        attached,
        takesToken,
        functions,
        taken.flatMap(one -> HostUse.losses(host, one).stream()).toList());
  }
}
