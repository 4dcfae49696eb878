// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.hint;

import io.iommufd4j.uapi.DeviceId;
import io.iommufd4j.uapi.HwptFlag;
import io.iommufd4j.uapi.HwptId;
import io.iommufd4j.uapi.HwptParentId;
import io.iommufd4j.uapi.IoasId;
import io.iommufd4j.uapi.IovaRange;
import io.iommufd4j.uapi.ObjectId;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * Records what was made in an iommufd through one handle, and how: the kernel tells a HWPT's parent
 * or an IOAS's allowed IOVAs to nobody. For hints alone.
 */
public final class KnownObjects {

  /**
   * The arguments that a HWPT was made with.
   *
   * @param device the device that it was made for
   * @param parent what it is made from
   * @param flags what it is for; none for an automatic one
   */
  public record HwptOrigin(DeviceId device, HwptParentId parent, Set<HwptFlag> flags) {}

  private final Map<Integer, ObjectId> owned = new ConcurrentHashMap<>();
  private final Map<Integer, ObjectId> requested = new ConcurrentHashMap<>();
  private final Map<Integer, HwptOrigin> hwpts = new ConcurrentHashMap<>();
  private final Map<Integer, List<IovaRange>> allowed = new ConcurrentHashMap<>();

  /**
   * Records that a handle owns an object.
   *
   * @param id of any kind
   */
  public void owned(ObjectId id) {
    requested.remove(id.value());
    owned.put(id.value(), id);
  }

  /**
   * Records that an object was made by a request without a handle.
   *
   * @param id of any kind
   */
  public void requested(ObjectId id) {
    requested.put(id.value(), id);
  }

  /** {@return the objects that were made by a request without a handle, and are not known gone} */
  public List<ObjectId> requested() {
    return List.copyOf(requested.values());
  }

  /**
   * {@return true if a handle owns the object of an id, or the kernel made it for an attach of a
   * device here}
   *
   * @param id of any kind
   */
  public boolean isOurs(int id) {
    return owned.containsKey(id) || hwpts.containsKey(id);
  }

  /** {@return the largest id that is known here; 0 without any} */
  public int largest() {
    return Stream.of(owned, requested, hwpts)
        .flatMap(map -> map.keySet().stream())
        .mapToInt(id -> id)
        .max()
        .orElse(0);
  }

  /**
   * Records that a HWPT was made.
   *
   * @param hwpt its id
   * @param origin the arguments that it was made with
   */
  public void made(HwptId hwpt, HwptOrigin origin) {
    hwpts.put(hwpt.value(), origin);
  }

  /**
   * Records the IOVAs that an IOAS was limited to, in place of those before.
   *
   * @param ioas its id
   * @param ranges empty when the limit was lifted
   */
  public void allowed(IoasId ioas, List<IovaRange> ranges) {
    allowed.put(ioas.value(), List.copyOf(ranges));
  }

  /**
   * Forgets an object: its id may be another one's from here on.
   *
   * @param id of any kind, known or not
   */
  public void gone(int id) {
    owned.remove(id);
    requested.remove(id);
    hwpts.remove(id);
    allowed.remove(id);
  }

  /**
   * {@return the arguments that a HWPT was made with; empty when it was not made through this
   * handle}
   *
   * @param hwpt its id
   */
  public Optional<HwptOrigin> origin(int hwpt) {
    return Optional.ofNullable(hwpts.get(hwpt));
  }

  /**
   * {@return the ranges that were allowed through this handle; none where it was never asked}
   *
   * @param ioas its id
   */
  public List<IovaRange> allowed(int ioas) {
    return allowed.getOrDefault(ioas, List.of());
  }
}
