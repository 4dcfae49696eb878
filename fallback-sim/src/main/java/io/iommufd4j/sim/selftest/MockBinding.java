// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.selftest;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.IommuGroup;
import io.iommufd4j.sim.iommufd.IommufdDevice;
import io.iommufd4j.sim.iommufd.IommufdObject;
import io.iommufd4j.sim.iommufd.command.Command;
import io.iommufd4j.sim.lib.Behavior;
import io.iommufd4j.sim.lib.Refused;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A mock device that a context made, bound to it ({@code struct selftest_obj}): destroying this
 * detaches, unbinds and unplugs the device.
 */
final class MockBinding extends IommufdObject {

  private final MockIommu iommu;
  private @Nullable MockDevice device;
  private @Nullable IommufdDevice bound;

  /** A binding without a device yet, for its number to be reserved. */
  MockBinding(MockIommu iommu) {
    this.iommu = iommu;
  }

  /**
   * {@code iommufd_test_get_selftest_obj}: finds and holds one.
   *
   * @throws Refused ENOENT when there is none, or an object of another type
   */
  static MockBinding get(Command command, int id) {
    return command.objects().get(id, MockBinding.class);
  }

  /**
   * Plugs a device in and binds it.
   *
   * @param flags {@code MOCK_FLAGS_DEVICE_*}
   * @return the device as iommufd has it, not attached yet
   * @throws Refused EINVAL for unknown flags and where the device has no IOMMU, ENOMEM
   */
  IommufdDevice plug(Command command, int flags) {
    command.context().faults().alloc(); // The device.
    command.context().faults().alloc(); // Its group.
    if (!command.context().release().has(Behavior.MOCK_BESIDE_OTHERS)) {
      throw Refused.with(Errno.EINVAL);
    }
    MockDevice made = iommu.create(flags);
    device = made;
    IommufdDevice claimed = IommufdDevice.bind(command.context(), made);
    bound = claimed;
    return claimed;
  }

  /** The device itself. */
  MockDevice device() {
    return there(device);
  }

  /** The device as iommufd has it. */
  IommufdDevice bound() {
    return there(bound);
  }

  /** As {@link IommufdDevice#attach}; the device asks for no page meanwhile. */
  int attach(int pasid, int ptId) {
    return undisturbed(() -> bound().attach(pasid, ptId));
  }

  /** As {@link IommufdDevice#replace}; the device asks for no page meanwhile. */
  int replace(int pasid, int ptId) {
    return undisturbed(() -> bound().replace(pasid, ptId));
  }

  /** As {@link IommufdDevice#detach}; the device asks for no page meanwhile. */
  void detach(int pasid) {
    undisturbed(() -> {
      bound().detach(pasid);
      return 0;
    });
  }

  private int undisturbed(IntSupplier change) {
    try (var _ = device().pageRequests().lock.writing()) {
      return change.getAsInt();
    }
  }

  private static <T> T there(@Nullable T part) {
    if (part == null) {
      throw new IllegalStateException("nobody finds a binding before its device is bound");
    }
    return part;
  }

  /** {@code iommufd_selftest_destroy}; as far as it came, when it was never published. */
  @Override
  protected void destroy() {
    if (bound != null) {
      detach(IommuGroup.NO_PASID);
      bound.unbind();
    }
    if (device != null) {
      iommu.destroy(device);
    }
  }
}
