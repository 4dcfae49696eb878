// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.replace;

import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.IommuGroup;
import io.iommufd4j.pci.IommuInstance;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.PciDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The steps a replace will take, reported before anything is done.
 *
 * @param device the device that was named
 * @param siblings the other devices of its group, which move along
 * @param group the group
 * @param iommu the IOMMU that translates for it
 * @param order the wishes of the user
 * @param iova at which the buffers are mapped
 */
public record ReplacePlan(
    Participant device,
    List<Participant> siblings,
    IommuGroup group,
    IommuInstance iommu,
    ReplaceOrder order,
    long iova) {

  private static final String FIX = "turn the IOMMU on in firmware and kernel";

  /** Copies the list. */
  public ReplacePlan {
    siblings = List.copyOf(siblings);
  }

  /**
   * Plans, and changes nothing.
   *
   * @throws NotPossibleException when the device has no IOMMU, no IOVAs are left for buffers, its
   *     DMA cannot be shown, or it takes no VF token
   */
  public static ReplacePlan of(Kernel kernel, PciDevice device, ReplaceOrder order) {
    var host = Host.of(kernel);
    IommuGroup group =
        host.groupOf(device)
            .orElseThrow(() ->
                new NotPossibleException(
                    device.address()
                        + " is in no IOMMU group, so nothing translates its DMA: "
                        + FIX));
    if (!group.translates()) {
      throw new NotPossibleException(
          device.address()
              + " has no IOMMU, VFIO holds it in no-IOMMU mode: its DMA goes to physical addresses"
              + " whatever it is attached to, so a replace would succeed and change nothing for"
              + " the device: "
              + FIX);
    }
    host.firmwareMapping(device)
        .ifPresent(why -> {
          throw new NotPossibleException(device.address() + " keeps its translation: " + why);
        });
    var participant = Participant.of(host, device, !device.heldByVfio(), true);
    if (order.vfToken().isPresent() && !participant.takesToken()) {
      throw new NotPossibleException(
          device.address()
              + " has no SR-IOV, neither as a physical function nor as a virtual one, and takes no"
              + " VF token: leave --vf-token out");
    }
    IommuInstance iommu = device.iommu().orElse(new IommuInstance("unknown"));
    if (order.proveDma() && !EduEngine.drives(device)) {
      throw new NotPossibleException(
          "DMA can be shown only with QEMU's edu device ("
              + EduEngine.IDS
              + "), and "
              + device.address()
              + " is "
              + device.ids()
              + ": leave --prove-dma out");
    }
    Set<PciAddress> blockers =
        host.blockers(device).stream().map(PciDevice::address).collect(Collectors.toSet());
    List<Participant> siblings =
        host.siblings(device).stream()
            .map(sibling -> sibling(host, sibling, blockers, order))
            .toList();
    long attached = 1 + siblings.stream().filter(Participant::attached).count();
    long bytes = DmaProof.pages((int) attached) * kernel.process().pageSize();
    long iova =
        DmaWindow.find(bytes, group.reserved())
            .orElseThrow(() ->
                new NotPossibleException(
                    "no IOVA below 256 MiB is free of reserved regions in group "
                        + group.number()));
    return new ReplacePlan(participant, siblings, group, iommu, order, iova);
  }

  private static Participant sibling(
      Host host, PciDevice sibling, Set<PciAddress> blockers, ReplaceOrder order) {
    boolean driven = order.proveDma() && EduEngine.drives(sibling);
    boolean mustMove = driven || blockers.contains(sibling.address());
    return Participant.of(host, sibling, mustMove && !sibling.heldByVfio(), driven);
  }

  /** All devices that move, the one that was named first. */
  public List<Participant> participants() {
    return Stream.concat(Stream.of(device), siblings.stream()).toList();
  }

  /** Those that are attached, the one that was named first. */
  public List<Participant> attached() {
    return participants().stream().filter(Participant::attached).toList();
  }

  /** Those that are handed to vfio-pci for the run. */
  public List<PciAddress> toBind() {
    return participants().stream()
        .filter(Participant::toBind)
        .map(participant -> participant.device().address())
        .toList();
  }

  /** The losses to agree to first, one sentence each; empty when nothing is at stake. */
  public List<String> atStake() {
    var stakes = new ArrayList<String>();
    for (Participant sibling : siblings) {
      stakes.add(sibling.device().address() + " shares the group and moves along" + taken(sibling));
    }
    if (device.toBind() && device.device().driver().isPresent()) {
      stakes.add(device.device().address() + " is in use by the host" + taken(device));
    }
    for (Participant participant : participants()) {
      if (!participant.virtualFunctions().isEmpty()) {
        stakes.add(
            VirtualFunctionLoss.forNow(participant.device(), participant.virtualFunctions()));
      }
      participant.losses().forEach(loss -> stakes.add(loss + ", for the run"));
    }
    return stakes;
  }

  private static String taken(Participant participant) {
    if (!participant.toBind()) {
      return "";
    }
    String from = participant.device().driver().map(driver -> " from " + driver).orElse("");
    return ", taken" + from + " by vfio-pci for the run";
  }
}
