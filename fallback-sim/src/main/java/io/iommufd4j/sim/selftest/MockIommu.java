// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.selftest;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_DIRTY_TRACKING;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_NEST_PARENT;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_PASID;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_DATA_NONE;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HW_INFO_TYPE_DEFAULT;
import static io.iommufd4j.bindings.selftest.selftest_h.IOMMU_HWPT_DATA_SELFTEST;
import static io.iommufd4j.bindings.selftest.selftest_h.IOMMU_HW_INFO_SELFTEST_REGVAL;
import static io.iommufd4j.bindings.selftest.selftest_h.IOMMU_HW_INFO_TYPE_SELFTEST;
import static io.iommufd4j.bindings.selftest.selftest_h.IOMMU_VIOMMU_TYPE_SELFTEST;
import static io.iommufd4j.bindings.selftest.selftest_h.MOCK_FLAGS_DEVICE_NO_DIRTY;
import static io.iommufd4j.bindings.selftest.selftest_h.MOCK_FLAGS_DEVICE_PASID;

import io.iommufd4j.bindings.selftest.iommu_hwpt_selftest;
import io.iommufd4j.bindings.selftest.iommu_test_hw_info;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.IommuDomain;
import io.iommufd4j.sim.iommu.IommuDriver;
import io.iommufd4j.sim.iommu.IommuGroup;
import io.iommufd4j.sim.iommu.NestedDomain;
import io.iommufd4j.sim.iommu.PagingDomain;
import io.iommufd4j.sim.iommu.UserData;
import io.iommufd4j.sim.iommu.ViommuCore;
import io.iommufd4j.sim.iommu.ViommuOps;
import io.iommufd4j.sim.iommu.hardware.Capability;
import io.iommufd4j.sim.iommu.hardware.HardwareInfo;
import io.iommufd4j.sim.iommu.hardware.ReservedRegion;
import io.iommufd4j.sim.lib.IdTable;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The mock IOMMU, its bus and its driver ({@code mock_iommu}, {@code mock_ops}). */
public final class MockIommu implements IommuDriver {

  /** Of its driver and its platform device. */
  public static final String NAME = "iommufd_selftest_iommu";

  private static final int PAGING_FLAGS =
      IOMMU_HWPT_ALLOC_DIRTY_TRACKING() | IOMMU_HWPT_ALLOC_NEST_PARENT() | IOMMU_HWPT_ALLOC_PASID();

  private final IdTable<MockDevice> devices = new IdTable<>(0);
  private final IdTable<IommuGroup> groups;
  private final MockBlockedDomain blocked = new MockBlockedDomain(this);

  /**
   * A mock IOMMU without devices.
   *
   * @param groups all of the machine's, by number
   */
  public MockIommu(IdTable<IommuGroup> groups) {
    this.groups = groups;
  }

  /**
   * {@code mock_dev_create}: a device in a group of its own.
   *
   * @param flags {@code MOCK_FLAGS_DEVICE_*}
   * @throws Refused EINVAL for unknown flags
   */
  MockDevice create(int flags) {
    if ((flags & ~(MOCK_FLAGS_DEVICE_NO_DIRTY() | MOCK_FLAGS_DEVICE_PASID())) != 0) {
      throw Refused.with(Errno.EINVAL);
    }
    int number = devices.reserve();
    MockDevice device = new MockDevice(this, number, flags);
    devices.publish(number, device);
    IommuGroup group = new IommuGroup(groups.reserve());
    groups.publish(group.id(), group);
    group.add(device);
    return device;
  }

  /** {@code mock_dev_destroy}. */
  void destroy(MockDevice device) {
    groups.remove(device.group().id());
    devices.remove(device.number());
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public IommuDomain blockedDomain() {
    return blocked;
  }

  @Override
  public IommuDomain allocDefault(IommuDevice device) {
    return blocked;
  }

  @Override
  public PagingDomain allocPaging(IommuDevice device, int flags) {
    return allocPaging(device, flags, null);
  }

  /**
   * {@inheritDoc}
   *
   * <p>{@code mock_domain_alloc_paging_flags}: {@code struct iommu_hwpt_selftest} chooses the page
   * table; EOPNOTSUPP for an unknown one.
   */
  @Override
  public PagingDomain allocPaging(IommuDevice device, int flags, @Nullable UserData data) {
    boolean tracksDirty = (flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING()) != 0;
    if ((flags & ~PAGING_FLAGS) != 0
        || (tracksDirty && !capable(device, Capability.DIRTY_TRACKING))) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    int format = 0;
    if (data != null) {
      if (data.type() != IOMMU_HWPT_DATA_SELFTEST() && data.type() != IOMMU_HWPT_DATA_NONE()) {
        throw Refused.with(Errno.EOPNOTSUPP);
      }
      MemorySegment description =
          data.copyIn(
              IOMMU_HWPT_DATA_SELFTEST(),
              iommu_hwpt_selftest.sizeof(),
              iommu_hwpt_selftest.iotlb$offset() + Integer.BYTES);
      format = iommu_hwpt_selftest.pagetable_type(description);
    }
    return new MockPagingDomain(this, MockPageTables.of(format), tracksDirty);
  }

  /** Whatever the domain: all that differs is what the device makes of it. */
  @Override
  public void attach(IommuDevice device, IommuDomain to, @Nullable IommuDomain old) {
    MockDevice.of(device).enter(to);
  }

  @Override
  public void attachPasid(
      IommuDevice device, int pasid, IommuDomain to, @Nullable IommuDomain old) {
    MockDevice.of(device).enterPasid(to, pasid, old);
  }

  @Override
  public boolean capable(IommuDevice device, Capability capability) {
    return switch (capability) {
      case CACHE_COHERENCY -> true;
      case DIRTY_TRACKING -> !(device instanceof MockDevice mock) || mock.tracksDirty();
      default -> false;
    };
  }

  @Override
  public boolean allocatesNested() {
    return true;
  }

  @Override
  public NestedDomain allocNested(
      IommuDevice device, PagingDomain parent, int flags, UserData data) {
    return MockNestedDomain.alloc(this, null, flags, data);
  }

  @Override
  public boolean virtualizes(IommuDevice device, int type) {
    return type == IOMMU_VIOMMU_TYPE_SELFTEST();
  }

  @Override
  public ViommuOps initViommu(
      ViommuCore core, IommuDevice device, int type, PagingDomain parent, @Nullable UserData data) {
    return new MockViommu(this, core, data);
  }

  @Override
  public boolean userPasidTables() {
    return true;
  }

  @Override
  public List<ReservedRegion> reservedRegions(IommuDevice device) {
    return List.of();
  }

  @Override
  public HardwareInfo hardwareInfo(IommuDevice device, int type) {
    if (type != IOMMU_HW_INFO_TYPE_DEFAULT() && type != IOMMU_HW_INFO_TYPE_SELFTEST()) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    byte[] info = new byte[(int) iommu_test_hw_info.sizeof()];
    MemorySegment aligned = MemorySegment.ofArray(new long[1]);
    iommu_test_hw_info.test_reg(aligned, IOMMU_HW_INFO_SELFTEST_REGVAL());
    MemorySegment.ofArray(info).copyFrom(aligned.asSlice(0, info.length));
    return new HardwareInfo(IOMMU_HW_INFO_TYPE_SELFTEST(), info);
  }
}
