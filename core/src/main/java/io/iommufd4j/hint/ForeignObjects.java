// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.hint;

import io.iommufd4j.uapi.HwptId;
import io.iommufd4j.uapi.IoasId;
import io.iommufd4j.uapi.ObjectId;
import io.iommufd4j.uapi.ViommuId;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Finds the objects of an iommufd that no handle of this program's owns: made by a request without
 * a handle, or through another descriptor. Of the latter, those whose kind shows by asking: IOASes,
 * HWPTs and vIOMMUs.
 */
public final class ForeignObjects {

  /** Ids asked about beyond the largest one known: the kernel hands out the lowest that is free. */
  private static final int BEYOND = 16;

  private static final int MOST = 256;

  private ForeignObjects() {}

  /**
   * {@return the objects, by ascending id}
   *
   * @param iommufd to ask
   */
  public static List<ObjectId> in(IommufdFacts iommufd) {
    Map<Integer, ObjectId> found = new TreeMap<>();
    iommufd.known().requested().forEach(id -> found.put(id.value(), id));
    int last = Math.min(iommufd.known().largest() + BEYOND, MOST);
    for (int id = 1; id <= last; id++) {
      if (!iommufd.known().isOurs(id) && !found.containsKey(id)) {
        switch (ObjectKind.of(iommufd, id)) {
          case IOAS -> found.put(id, new IoasId(id));
          case HWPT -> found.put(id, new HwptId(id));
          case VIOMMU -> found.put(id, new ViommuId(id));
          case OTHER -> {}
        }
      }
    }
    return List.copyOf(found.values());
  }
}
