// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.hint;

import io.iommufd4j.pci.ReservedRegion;
import io.iommufd4j.uapi.DeviceId;
import io.iommufd4j.uapi.IoasId;
import io.iommufd4j.uapi.IovaRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/**
 * Finds what of an IOAS stands in the way of a device or of a page table, for which Linux answers
 * EADDRINUSE: something mapped or allowed where the device's group reserves IOVAs, outside of the
 * IOMMU's aperture, or not in whole pages of it ({@code iopt_reserve_iova}, {@code
 * iopt_check_iova_alignment}).
 */
public final class Conflict {

  /** The most mappings that are looked at for whole pages. */
  private static final int PATIENCE = 1000;

  private record Forbidden(IovaRange range, String why) {}

  private final IommufdFacts iommufd;
  private final int ioas;
  private final List<Forbidden> forbidden = new ArrayList<>();
  private Optional<Aperture> aperture = Optional.empty();

  /**
   * Looks for conflicts with an IOAS of an iommufd.
   *
   * @param iommufd the iommufd to ask
   * @param ioas the id of the IOAS
   */
  public Conflict(IommufdFacts iommufd, int ioas) {
    this.iommufd = iommufd;
    this.ioas = ioas;
  }

  /**
   * Takes in what the group of a device reserves.
   *
   * @param group its name in a sentence, as {@code group 3}
   * @param regions {@code reserved_regions} of the group; may be empty
   */
  public void reservedBy(String group, List<ReservedRegion> regions) {
    for (ReservedRegion region : regions) {
      forbidden.add(
          new Forbidden(
              new IovaRange(region.first(), region.last()),
              region + ", which " + group + " reserves"));
    }
  }

  /**
   * Takes in what the IOMMU before a device cannot reach.
   *
   * @param device bound to the iommufd
   * @param attachesFirst whether the device is attached before the page table is filled, as an
   *     attach by IOAS id does
   */
  public void outOfReachOf(DeviceId device, boolean attachesFirst) {
    aperture = Aperture.of(iommufd, device).filter(known -> !(attachesFirst && known.open()));
    aperture
        .filter(known -> !known.open())
        .ifPresent(known ->
            known
                .outside()
                .forEach(range ->
                    forbidden.add(
                        new Forbidden(
                            range, range + ", beyond the aperture of the device's IOMMU"))));
  }

  /**
   * {@return the conflict in words; empty when none is found}
   *
   * @param newPageTable whether a page table was to be made of the IOAS
   */
  public String found(boolean newPageTable) {
    if (aperture.filter(Aperture::open).isPresent()) {
      return "this kernel ("
          + iommufd.kernel().identity().release()
          + ") gives a new page table of this IOMMU no aperture until a device is attached to it"
          + " (virtio-iommu of older releases), so none can be made of an IOAS that maps or allows"
          + " something: attach the device, detached if need be, to the IOAS itself, or map after"
          + " the page table is attached";
    }
    IoasFacts ref = iommufd.ioas(new IoasId(ioas));
    try (IoasProbe probe = IoasProbe.of(ref)) {
      for (Forbidden part : forbidden) {
        OptionalLong mapped = probe.firstMapped(part.range());
        if (mapped.isPresent()) {
          return ref
              + " maps IOVA 0x"
              + Long.toHexString(mapped.getAsLong())
              + " within "
              + part.why()
              + ": unmap it, or map elsewhere";
        }
      }
      for (Forbidden part : forbidden) {
        for (IovaRange allowed : iommufd.known().allowed(ioas)) {
          if (allowed.overlaps(part.range())) {
            return ref
                + " allows "
                + allowed
                + " (IOMMU_IOAS_ALLOW_IOVAS), which overlaps "
                + part.why()
                + ": allow less";
          }
        }
      }
      String misaligned = misaligned(probe);
      return misaligned.isEmpty() ? unseen(ref, newPageTable) : misaligned;
    }
  }

  private String misaligned(IoasProbe probe) {
    long page = aperture.map(known -> known.reach().alignment()).orElse(1L);
    if (page <= probe.usable().alignment()) {
      return "";
    }
    var all = new IovaRange(0, -1);
    OptionalLong mapped = probe.firstMapped(all);
    for (int looked = 0; looked < PATIENCE && mapped.isPresent(); looked++) {
      long first = mapped.getAsLong();
      long last = probe.lastMapped(first);
      if ((first & page - 1) != 0 || (last + 1 & page - 1) != 0) {
        return "what is mapped at "
            + new IovaRange(first, last)
            + " is not in whole pages of "
            + page
            + " bytes, the smallest that the device's IOMMU has: map whole pages";
      }
      if (last == -1) {
        break;
      }
      mapped = probe.firstMapped(new IovaRange(last + 1, -1));
    }
    return "";
  }

  /** The cause that no question finds: by elimination. */
  private String unseen(IoasFacts ref, boolean newPageTable) {
    String memory =
        newPageTable
            ? "memory that "
                + ref
                + " maps does not start on a page: map memory from a page's start"
            : "";
    if (forbidden.isEmpty()) {
      return memory;
    }
    return "somebody allowed "
        + ref
        + " a range (IOMMU_IOAS_ALLOW_IOVAS) that overlaps one of these: "
        + forbidden.stream().map(Forbidden::why).collect(Collectors.joining("; "))
        + (memory.isEmpty() ? "" : "; or " + memory);
  }
}
