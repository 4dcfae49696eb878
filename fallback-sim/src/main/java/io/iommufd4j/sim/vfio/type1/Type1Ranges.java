// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio.type1;

import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.IommuGroup;
import io.iommufd4j.sim.iommu.hardware.ReservedRegion;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The IOVAs that all devices of a container can use: what every domain translates, less what any
 * group reserves ({@code vfio_iommu_resv_exclude}).
 */
record Type1Ranges(List<Range> ranges) {

  /** Both inclusive. */
  record Range(long first, long last) implements Comparable<Range> {
    @Override
    public int compareTo(Range other) {
      return Long.compareUnsigned(first, other.first);
    }
  }

  /** As the domains and their groups leave it. */
  static Type1Ranges of(List<Type1Domain> domains) {
    long first = 0;
    long last = -1;
    for (Type1Domain domain : domains) {
      first = max(first, domain.domain().table().apertureFirst());
      last = min(last, domain.domain().table().apertureLast());
    }
    Set<Range> left = new TreeSet<>();
    left.add(new Range(first, last));
    domains.forEach(domain -> domain.groups().forEach(group -> exclude(left, group)));
    return new Type1Ranges(List.copyOf(left));
  }

  private static void exclude(Set<Range> left, IommuGroup group) {
    for (ReservedRegion region : reserved(group)) {
      for (Range range : List.copyOf(left)) {
        if (below(region.last(), range.first) || below(range.last, region.start())) {
          continue;
        }
        left.remove(range);
        if (below(range.first, region.start())) {
          left.add(new Range(range.first, region.start() - 1));
        }
        if (below(region.last(), range.last)) {
          left.add(new Range(region.last() + 1, range.last));
        }
      }
    }
  }

  /** {@code iommu_get_group_resv_regions}, less what may be mapped nevertheless. */
  static List<ReservedRegion> reserved(IommuGroup group) {
    var regions = new ArrayList<ReservedRegion>();
    for (IommuDevice device : group.devices()) {
      for (ReservedRegion region : device.driver().reservedRegions(device)) {
        if (region.type() != ReservedRegion.Type.DIRECT_RELAXABLE) {
          regions.add(region);
        }
      }
    }
    return regions;
  }

  /** {@code vfio_iommu_iova_dma_valid}. */
  boolean hold(long first, long last) {
    return ranges.stream()
        .anyMatch(range -> !below(first, range.first) && !below(range.last, last));
  }

  private static boolean below(long a, long b) {
    return Long.compareUnsigned(a, b) < 0;
  }

  private static long max(long a, long b) {
    return below(a, b) ? b : a;
  }

  private static long min(long a, long b) {
    return below(a, b) ? a : b;
  }
}
