// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio.pci;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The secret that the user of an SR-IOV physical function shares with those of its virtual ones
 * ({@code struct vfio_pci_vf_token}). At first nobody knows it; whoever opens the physical function
 * while no virtual one is in use may set it.
 */
public final class VfToken {

  /** Bytes of a token in memory. */
  public static final int BYTES = 16;

  private static final ValueLayout.OfLong BIG_ENDIAN =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private UUID value = UUID.randomUUID();
  private int users;

  /** It is this from now on. */
  synchronized void set(UUID token) {
    value = token;
  }

  /** A virtual function is in use. */
  public synchronized void use() {
    users++;
  }

  /** A virtual function is in use no more. */
  public synchronized void unuse() {
    users--;
  }

  /** A virtual function's user shows it. */
  private synchronized void show(@Nullable UUID token) {
    if (!value.equals(token)) {
      throw Refused.with(Errno.EACCES);
    }
  }

  /** The physical function's user shows it, or sets it. */
  private synchronized void showOrSet(@Nullable UUID token) {
    if (users > 0) {
      show(token);
    } else if (token != null) {
      value = token;
    }
  }

  /**
   * {@code vfio_pci_core_match_token_uuid}.
   *
   * @param shared a virtual function's, which its physical one has; null of any other function
   * @param own a physical function's; null of any other
   * @param token what the user shows; null for nothing
   * @throws Refused EACCES when a virtual function's token is not shown, or that of a physical one
   *     whose virtual ones are in use; EINVAL for a token of a function outside SR-IOV, or of a
   *     virtual one whose physical one is not vfio-pci's
   */
  public static void check(@Nullable VfToken shared, @Nullable VfToken own, @Nullable UUID token) {
    if (shared != null) {
      shared.show(token);
    } else if (own != null) {
      own.showOrSet(token);
    } else if (token != null) {
      throw Refused.with(Errno.EINVAL);
    }
  }

  /** The token that lies somewhere in memory ({@code uuid_t}). */
  public static UUID read(MemorySegment bytes) {
    return new UUID(bytes.get(BIG_ENDIAN, 0), bytes.get(BIG_ENDIAN, Long.BYTES));
  }
}
