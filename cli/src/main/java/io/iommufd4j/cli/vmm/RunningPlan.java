// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.vmm;

import io.iommufd4j.cli.replace.NotPossibleException;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.IommuInstance;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.PciDevice;
import io.iommufd4j.process.IommufdContent;
import io.iommufd4j.uapi.DeviceId;
import io.iommufd4j.uapi.HwptId;
import io.iommufd4j.uapi.IoasId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A replace under a device that another process uses: what is made, and what is at stake.
 *
 * @param device the device
 * @param owner the process that uses it
 * @param ioas the IOAS that translates, before, meanwhile and after
 * @param from the HWPT that translates now
 * @param id a device of the iommufd behind the same IOMMU, which the new HWPT is made for
 * @param assumed another device of the iommufd may be the one that is attached
 * @param siblings the other devices of its group, which move along
 * @param order the replace wanted
 */
public record RunningPlan(
    PciDevice device,
    String owner,
    IoasId ioas,
    HwptId from,
    DeviceId id,
    boolean assumed,
    List<PciDevice> siblings,
    RunningOrder order) {

  /** Copies the list. */
  public RunningPlan {
    siblings = List.copyOf(siblings);
  }

  /**
   * Plans, and changes nothing.
   *
   * @throws NotPossibleException when something of it cannot be decided or put back
   */
  public static RunningPlan of(
      Host host, PciDevice device, BorrowedDevice borrowed, RunningOrder order) {
    IommufdContent content = borrowed.content();
    if (device.heldWithoutIommu() || device.iommu().isEmpty()) {
      throw new NotPossibleException("no IOMMU translates for " + device.address());
    }
    if (!content.nested().isEmpty() || !content.viommus().isEmpty()) {
      throw new NotPossibleException(
          borrowed.owner() + " has nested HWPTs, and what its guest set up would not be put back");
    }
    if (!content.others().isEmpty()) {
      throw new NotPossibleException(
          borrowed.owner()
              + " has objects that may be fault queues or mediated devices ("
              + content.others()
              + "), and a HWPT that can fault cannot be put back as it was");
    }
    Attachment attachment = borrowed.attachment();
    IoasId ioas =
        attachment
            .ioas()
            .orElseThrow(
                () -> BorrowedDevice.undecided(device, "to which IOAS", attachment.reason()));
    HwptId from =
        attachment
            .hwpt()
            .orElseThrow(
                () -> BorrowedDevice.undecided(device, "to which HWPT", attachment.reason()));
    return new RunningPlan(
        device,
        borrowed.owner(),
        ioas,
        from,
        id(host, device, borrowed),
        attachment.assumed(),
        host.siblings(device),
        order);
  }

  /**
   * The device's id, or another one's behind the same IOMMU: an IOMMU driver may refuse the HWPT of
   * another IOMMU only once DMA is blocked.
   */
  private static DeviceId id(Host host, PciDevice device, BorrowedDevice borrowed) {
    List<IommufdContent.Device> devices = borrowed.content().devices();
    if (devices.size() == 1 || candidates(host, borrowed).distinct().count() == 1) {
      return devices.getFirst().id();
    }
    return borrowed
        .idOf(device.address())
        .orElseThrow(() ->
            new NotPossibleException(
                "the iommufd has "
                    + devices.size()
                    + " devices, there are several IOMMUs, and Linux does not tell which id "
                    + device.address()
                    + " has, since neither its slot nor its bus can be reset"));
  }

  /** The IOMMUs before the devices that the iommufd can have. */
  private static Stream<Optional<IommuInstance>> candidates(Host host, BorrowedDevice borrowed) {
    List<PciAddress> known = borrowed.neighbours();
    boolean all = known.size() < borrowed.content().devices().size();
    return host.devices().stream()
        .filter(other -> all ? other.cdev().isPresent() : known.contains(other.address()))
        .map(PciDevice::iommu);
  }

  /** The device's address. */
  public PciAddress address() {
    return device.address();
  }

  /** The IOMMU before it. */
  public IommuInstance iommu() {
    return device.iommu().orElseThrow();
  }

  /** The things that the replace puts at stake, one sentence each. */
  public List<String> atStake() {
    var stakes = new ArrayList<String>();
    stakes.add(
        owner
            + " uses "
            + address()
            + (siblings.isEmpty() ? "" : " and its group, which moves along")
            + ": its DMA faults for a moment at each replace");
    if (assumed) {
      stakes.add(
          "its iommufd has other devices; should "
              + address()
              + " not be attached, it is afterwards");
    }
    if (order.keep()) {
      stakes.add("the new HWPT stays in its iommufd until the iommufd is closed");
    }
    return List.copyOf(stakes);
  }
}
