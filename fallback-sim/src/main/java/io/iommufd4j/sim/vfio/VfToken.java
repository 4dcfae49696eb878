package io.iommufd4j.sim.vfio;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The secret that the user of an SR-IOV physical function shares with those of its virtual ones
 * ({@code struct vfio_pci_vf_token}). No function of the machines here is one of these.
 */
final class VfToken {

  /** Bytes of a token in memory. */
  static final int BYTES = 16;

  private static final ValueLayout.OfLong BIG_ENDIAN =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private VfToken() {}

  /**
   * {@code vfio_pci_core_match_token_uuid} of a function outside SR-IOV.
   *
   * @throws Refused EINVAL when there is a token
   */
  static void check(VfioDevice device, @Nullable UUID token) {
    if (token != null) {
      throw Refused.with(Errno.EINVAL);
    }
  }

  /** The token that lies somewhere in memory ({@code uuid_t}). */
  static UUID read(MemorySegment bytes) {
    return new UUID(bytes.get(BIG_ENDIAN, 0), bytes.get(BIG_ENDIAN, Long.BYTES));
  }
}
