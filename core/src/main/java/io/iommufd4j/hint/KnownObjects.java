package io.iommufd4j.hint;

import io.iommufd4j.uapi.DeviceId;
import io.iommufd4j.uapi.HwptFlag;
import io.iommufd4j.uapi.HwptId;
import io.iommufd4j.uapi.IoasId;
import io.iommufd4j.uapi.IovaRange;
import io.iommufd4j.uapi.PageTableId;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Records what was made in an iommufd through one handle, and how: the kernel tells a HWPT's parent
 * or an IOAS's allowed IOVAs to nobody. For hints alone.
 */
public final class KnownObjects {

  /**
   * The arguments that a HWPT was made with.
   *
   * @param device the device that it was made for
   * @param parent what it translates by
   * @param flags what it is for; none for an automatic one
   */
  public record HwptOrigin(DeviceId device, PageTableId parent, Set<HwptFlag> flags) {}

  private final Map<Integer, HwptOrigin> hwpts = new ConcurrentHashMap<>();
  private final Map<Integer, List<IovaRange>> allowed = new ConcurrentHashMap<>();

  public void made(HwptId hwpt, HwptOrigin origin) {
    hwpts.put(hwpt.value(), origin);
  }

  public void allowed(IoasId ioas, List<IovaRange> ranges) {
    allowed.put(ioas.value(), List.copyOf(ranges));
  }

  /** An id may be another object's from here on. */
  public void gone(int id) {
    hwpts.remove(id);
    allowed.remove(id);
  }

  public Optional<HwptOrigin> origin(int hwpt) {
    return Optional.ofNullable(hwpts.get(hwpt));
  }

  /** The ranges that were allowed through this handle; none where it was never asked. */
  public List<IovaRange> allowed(int ioas) {
    return allowed.getOrDefault(ioas, List.of());
  }
}
