package io.iommufd4j.cli.replace;

import io.iommufd4j.host.Host;
import io.iommufd4j.host.PciDevice;
import java.util.List;

/**
 * A device of the group that changes translation.
 *
 * @param device as it was found
 * @param toBind whether it is handed to vfio-pci for the run, and given back after
 * @param attached whether it is bound to the iommufd and attached; a sibling that is not moves
 *     along all the same
 * @param takesToken whether it has to do with SR-IOV, so that a VF token may be wanted of its user
 * @param virtualFunctions those that go while it is handed to vfio-pci, and come back after
 */
public record Participant(
    PciDevice device,
    boolean toBind,
    boolean attached,
    boolean takesToken,
    List<PciDevice> virtualFunctions) {

  /** Copies the list. */
  public Participant {
    virtualFunctions = List.copyOf(virtualFunctions);
  }

  static Participant of(Host host, PciDevice device, boolean toBind, boolean attached) {
    boolean takesToken = device.physicalFunction().isPresent() || host.isPhysicalFunction(device);
    return new Participant(
        device, toBind, attached, takesToken, toBind ? host.virtualFunctions(device) : List.of());
  }
}
