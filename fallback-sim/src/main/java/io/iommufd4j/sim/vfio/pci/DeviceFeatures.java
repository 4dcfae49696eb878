// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio.pci;

import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_FEATURE_DMA_BUF;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_FEATURE_GET;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_FEATURE_LOW_POWER_EXIT;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_FEATURE_MASK;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_FEATURE_PCI_VF_TOKEN;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_FEATURE_PROBE;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_FEATURE_SET;

import io.iommufd4j.bindings.vfio.vfio_device_feature;
import io.iommufd4j.bindings.vfio.vfio_device_feature_dma_buf;
import io.iommufd4j.bindings.vfio.vfio_device_low_power_entry_with_wakeup;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.sim.lib.Behavior;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserBlock;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * {@code VFIO_DEVICE_FEATURE} of a function without migration: low power, dma-bufs, and the token
 * of a physical function. What else there is answers ENOTTY.
 */
public final class DeviceFeatures {

  private final UserSpace user;
  private final DmaBufs dmaBufs;
  private final @Nullable VfToken token;
  private boolean lowPower;

  /**
   * The features of a function.
   *
   * @param token of a physical function; null of any other
   */
  public DeviceFeatures(UserSpace user, DmaBufs dmaBufs, @Nullable VfToken token) {
    this.user = user;
    this.dmaBufs = dmaBufs;
    this.token = token;
  }

  /**
   * {@code vfio_ioctl_device_feature}.
   *
   * @return a descriptor where the feature is one, else 0
   */
  public int feature(long argument) {
    var block = user.block(argument);
    MemorySegment feature = block.take(Request.VFIO_DEVICE_FEATURE);
    int flags = vfio_device_feature.flags(feature);
    int get = VFIO_DEVICE_FEATURE_GET();
    int set = VFIO_DEVICE_FEATURE_SET();
    int probe = VFIO_DEVICE_FEATURE_PROBE();
    boolean both = (flags & get) != 0 && (flags & set) != 0 && (flags & probe) == 0;
    if ((flags & ~(VFIO_DEVICE_FEATURE_MASK() | get | set | probe)) != 0 || both) {
      throw Refused.with(Errno.EINVAL);
    }
    long room =
        Integer.toUnsignedLong(vfio_device_feature.argsz(feature)) - vfio_device_feature.sizeof();
    long data = argument + vfio_device_feature.sizeof();
    int which = flags & VFIO_DEVICE_FEATURE_MASK();
    if ((which == VFIO_DEVICE_FEATURE_DMA_BUF()
            || which == VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2())
        && !user.release().has(Behavior.EXPORTS_BARS)) {
      throw Refused.with(Errno.ENOTTY);
    }
    if (which == VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY()) {
      if (asked(flags, room, set, 0)) {
        enterLowPower();
      }
    } else if (which == VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP()) {
      if (asked(flags, room, set, vfio_device_low_power_entry_with_wakeup.sizeof())) {
        enterLowPowerUntilWoken(data);
      }
    } else if (which == VFIO_DEVICE_FEATURE_LOW_POWER_EXIT()) {
      if (asked(flags, room, set, 0)) {
        leaveLowPower();
        dmaBufs.restore();
      }
    } else if (which == VFIO_DEVICE_FEATURE_DMA_BUF()) {
      if (asked(flags, room, get, vfio_device_feature_dma_buf.sizeof())) {
        return dmaBufs.export(data);
      }
    } else if (which == VFIO_DEVICE_FEATURE_PCI_VF_TOKEN()) {
      if (token == null) {
        throw Refused.with(Errno.ENOTTY);
      }
      if (asked(flags, room, set, VfToken.BYTES)) {
        setToken(token, data);
      }
    } else if (which == VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2()) {
      throw Refused.with(Errno.EINVAL);
    } else {
      throw Refused.with(Errno.ENOTTY);
    }
    return 0;
  }

  /**
   * {@code vfio_check_feature}.
   *
   * @return whether to go on: a probe ends here
   */
  private static boolean asked(int flags, long room, int supported, long needed) {
    int asked = flags & (VFIO_DEVICE_FEATURE_GET() | VFIO_DEVICE_FEATURE_SET());
    boolean probe = (flags & VFIO_DEVICE_FEATURE_PROBE()) != 0;
    if ((asked & ~supported) != 0 || (!probe && (asked == 0 || room < needed))) {
      throw Refused.with(Errno.EINVAL);
    }
    return !probe;
  }

  /** {@code vfio_pci_core_feature_token}. */
  private void setToken(VfToken own, long data) {
    MemorySegment value = UserBlock.room(VfToken.BYTES);
    user.memory().copyIn(data, value);
    own.set(VfToken.read(value));
  }

  private void enterLowPowerUntilWoken(long data) {
    MemorySegment entry = UserBlock.room(vfio_device_low_power_entry_with_wakeup.sizeof());
    user.memory().copyIn(data, entry);
    int fd = vfio_device_low_power_entry_with_wakeup.wakeup_eventfd(entry);
    if (fd < 0) {
      throw Refused.with(Errno.EINVAL);
    }
    // It would be told when the function wakes, which one that never sleeps does not.
    user.eventFd(fd);
    enterLowPower();
  }

  private synchronized void enterLowPower() {
    dmaBufs.revoke();
    if (lowPower) {
      throw Refused.with(Errno.EINVAL);
    }
    lowPower = true;
  }

  private synchronized void leaveLowPower() {
    lowPower = false;
  }

  /** Resets the features at the last close: the function leaves low power. */
  public void clear() {
    leaveLowPower();
  }
}
