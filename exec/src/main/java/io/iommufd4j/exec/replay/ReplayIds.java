// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.replay;

import java.util.HashMap;
import java.util.Map;

/** The ids of objects, each iommufd's apart: as recorded, and as they are now. */
final class ReplayIds {

  private final Map<Integer, Map<Integer, Integer>> known = new HashMap<>();

  /** The iommufd that each device is bound to. */
  private final Map<Integer, Integer> bound = new HashMap<>();

  void bind(int device, int iommufd) {
    bound.put(device, iommufd);
  }

  void forget(int file) {
    known.remove(file);
    bound.remove(file);
  }

  private Map<Integer, Integer> of(int file) {
    return known.computeIfAbsent(bound.getOrDefault(file, file), _ -> new HashMap<>());
  }

  /** The id now; one that nothing made stays what it is. */
  int now(int file, int recorded) {
    return of(file).getOrDefault(recorded, recorded);
  }

  void learn(int file, int recorded, int now) {
    of(file).put(recorded, now);
  }
}
