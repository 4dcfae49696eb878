// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.wire;

import io.iommufd4j.bindings.vfio.vfio_info_cap_header;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/**
 * The capability chain of a VFIO info struct: headers that name the offset of the next. A chain
 * that turns back on itself or leaves the block ends there, with what was whole before it.
 */
public final class CapabilityChain {

  /**
   * One link.
   *
   * @param id {@code VFIO_*_INFO_CAP_*}
   * @param version of the capability's layout
   * @param bytes from the header to the end of the block: the UAPI gives no length
   */
  public record Link(int id, int version, MemorySegment bytes) {}

  private CapabilityChain() {}

  /**
   * Walks the chain.
   *
   * @param info the struct and what follows it
   * @param first offset of the first header from the struct's start; 0 when there is none
   * @return the links that are whole, in order
   */
  public static List<Link> walk(MemorySegment info, int first) {
    var links = new ArrayList<Link>();
    var seen = new HashSet<Long>();
    long at = Integer.toUnsignedLong(first);
    while (at != 0 && at + vfio_info_cap_header.sizeof() <= info.byteSize() && seen.add(at)) {
      if (at % Integer.BYTES != 0) {
        break;
      }
      MemorySegment header = info.asSlice(at);
      links.add(
          new Link(
              Short.toUnsignedInt(vfio_info_cap_header.id(header)),
              Short.toUnsignedInt(vfio_info_cap_header.version(header)),
              header));
      at = Integer.toUnsignedLong(vfio_info_cap_header.next(header));
    }
    return links;
  }
}
