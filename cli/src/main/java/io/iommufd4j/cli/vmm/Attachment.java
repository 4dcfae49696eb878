// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.vmm;

import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.ReservedRegion;
import io.iommufd4j.process.IommufdContent;
import io.iommufd4j.process.OpenDescriptor;
import io.iommufd4j.process.OpenDescriptor.Kind;
import io.iommufd4j.uapi.HwptId;
import io.iommufd4j.uapi.IoasId;
import io.iommufd4j.uapi.IovaRange;
import java.util.List;
import java.util.Optional;

/**
 * The page table that a process' device is attached to, as far as it follows from what Linux shows.
 * No request tells it. An IOAS that a device is attached to cannot map what the device's group
 * reserves, and one without devices can; and where an iommufd has one HWPT, it is that one.
 *
 * @param iommufd the process' descriptor of the iommufd; empty when that is not known
 * @param ioas the IOAS; empty when that is not known, or when it is not attached
 * @param hwpt the HWPT; empty likewise
 * @param assumed another device of the iommufd may be the one that is attached
 * @param reason why something is empty; empty when nothing is
 */
public record Attachment(
    Optional<Integer> iommufd,
    Optional<IoasId> ioas,
    Optional<HwptId> hwpt,
    boolean assumed,
    String reason) {

  private static final String RELAXABLE = "direct-relaxable";

  /** The attachment of a device that a process has open. */
  static Attachment of(Host host, List<ContextView> contexts, OpenDescriptor device) {
    if (device.byGroup()) {
      return unknown("it was opened by its VFIO group, whose container translates");
    }
    List<ContextView> bound =
        contexts.stream().filter(context -> !context.content().devices().isEmpty()).toList();
    if (bound.size() != 1) {
      return unknown(
          bound.isEmpty()
              ? "no iommufd of the process has a device bound"
              : bound.size()
                  + " descriptors of iommufd show bound devices, and Linux does not tell which one"
                  + " it is bound to");
    }
    return in(bound.getFirst(), reserved(host, device));
  }

  private static Attachment in(ContextView context, List<IovaRange> reserved) {
    Optional<Integer> iommufd = Optional.of(context.fd());
    IommufdContent content = context.content();
    boolean assumed = content.devices().size() > 1;
    if (reserved.isEmpty()) {
      return partly(iommufd, "its group reserves no IOVAs, by which an attached device shows");
    }
    List<IoasId> used =
        content.ioases().stream()
            .filter(ioas ->
                ioas.ranges().ranges().stream()
                    .noneMatch(range -> reserved.stream().anyMatch(range::overlaps)))
            .map(IommufdContent.Ioas::id)
            .toList();
    if (used.size() != 1) {
      return partly(
          iommufd,
          used.isEmpty() ? "it is not attached" : used.size() + " IOASes have devices attached");
    }
    Optional<IoasId> ioas = Optional.of(used.getFirst());
    if (!content.nested().isEmpty() || !content.viommus().isEmpty()) {
      return new Attachment(iommufd, ioas, Optional.empty(), assumed, "there are nested HWPTs");
    }
    if (content.hwpts().size() != 1) {
      String reason =
          content.hwpts().isEmpty()
              ? "there is no HWPT: no IOMMU translates for it"
              : content.hwpts().size() + " HWPTs may be the one";
      return new Attachment(iommufd, ioas, Optional.empty(), assumed, reason);
    }
    return new Attachment(iommufd, ioas, Optional.of(content.hwpts().getFirst().id()), assumed, "");
  }

  private static List<IovaRange> reserved(Host host, OpenDescriptor device) {
    return device
        .device()
        .flatMap(Attachment::address)
        .flatMap(host::find)
        .flatMap(host::groupOf)
        .map(group ->
            group.reserved().stream()
                .filter(region -> !region.type().equals(RELAXABLE))
                .map(Attachment::range)
                .toList())
        .orElse(List.of());
  }

  private static IovaRange range(ReservedRegion region) {
    return new IovaRange(region.first(), region.last());
  }

  /** The address of a PCI device; empty for a mediated one. */
  static Optional<PciAddress> address(String name) {
    try {
      return Optional.of(PciAddress.parse(name));
    } catch (IllegalArgumentException mediated) {
      return Optional.empty();
    }
  }

  private static Attachment unknown(String reason) {
    return partly(Optional.empty(), reason);
  }

  private static Attachment partly(Optional<Integer> iommufd, String reason) {
    return new Attachment(iommufd, Optional.empty(), Optional.empty(), false, reason);
  }

  /** True if a descriptor is a device's that this process' kernel knows by an address. */
  static boolean isOf(OpenDescriptor descriptor, PciAddress address) {
    return descriptor.kind() == Kind.DEVICE
        && descriptor.device().equals(Optional.of(address.toString()));
  }
}
