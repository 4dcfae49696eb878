// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.driver;

import io.iommufd4j.bindings.iommufd.iommu_vevent_arm_smmuv3;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.IommuDomain;
import io.iommufd4j.sim.iommu.NestedDomain;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
import java.lang.foreign.MemorySegment;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A guest's stream table entry on top of its memory: DMA is aborted, goes to that memory as it is,
 * or through the guest's table first ({@code struct arm_smmu_nested_domain}).
 */
final class Smmuv3NestedDomain extends NestedDomain {

  private final ArmSmmuV3 smmu;
  private final Smmuv3Viommu viommu;
  private final Smmuv3StreamTableEntry entry;
  private final Smmuv3FirstStage firstStage;

  Smmuv3NestedDomain(
      ArmSmmuV3 smmu,
      Smmuv3Viommu viommu,
      Smmuv3StreamTableEntry entry,
      Smmuv3FirstStage firstStage) {
    super(smmu);
    this.smmu = smmu;
    this.viommu = viommu;
    this.entry = entry;
    this.firstStage = firstStage;
  }

  /**
   * {@inheritDoc}
   *
   * <p>ENOENT for a device that the guest does not have, where the guest's table translates: it
   * could neither invalidate nor hear of events.
   */
  @Override
  protected void attachDevice(IommuDevice device, @Nullable IommuDomain old) {
    if (device.driver() != smmu || !smmu.unit(device).equals(viommu.unit())) {
      throw Refused.with(Errno.EINVAL);
    }
    OptionalLong stream = viommu.core().virtualId(device);
    if (stream.isEmpty() && entry.translates()) {
      throw Refused.with(Errno.ENOENT);
    }
    smmu.attachNested(device, this, stream);
  }

  @Override
  public long translate(long iova, boolean write) {
    return switch (guest(iova, write)) {
      case Smmuv3Walk.Found found -> firstStage.memory().translate(found.address(), write);
      case Smmuv3Walk.Event _, Smmuv3Walk.Aborted _ -> FAULT;
    };
  }

  /** At most to the end of the page, which is no larger in any table. */
  @Override
  public long contiguous(long iova) {
    long inPage = UserMemory.PAGE_SIZE - (iova & (UserMemory.PAGE_SIZE - 1));
    return switch (guest(iova, false)) {
      case Smmuv3Walk.Found found ->
          Math.min(inPage, firstStage.memory().contiguous(found.address()));
      case Smmuv3Walk.Event _, Smmuv3Walk.Aborted _ -> inPage;
    };
  }

  private Smmuv3Walk guest(long iova, boolean write) {
    if (entry.translates()) {
      return firstStage.walk(iova, write);
    }
    return entry.bypasses() ? new Smmuv3Walk.Found(iova) : new Smmuv3Walk.Aborted();
  }

  /** {@code arm_vmaster_report_event}: with the number that the guest has given the device. */
  @Override
  public void reportFault(IommuDevice device, long iova, boolean write) {
    Long stream = smmu.virtualStream(device);
    if (stream == null || !(guest(iova, write) instanceof Smmuv3Walk.Event event)) {
      return;
    }
    MemorySegment words =
        MemorySegment.ofArray(new long[(int) iommu_vevent_arm_smmuv3.sizeof() / Long.BYTES]);
    iommu_vevent_arm_smmuv3.evt(words, 0, event.type() | stream << Integer.SIZE);
    iommu_vevent_arm_smmuv3.evt(words, 1, event.details());
    iommu_vevent_arm_smmuv3.evt(words, 2, event.address());
    try {
      viommu.core().reportEvent(iommufd_h.IOMMU_VEVENTQ_TYPE_ARM_SMMUV3(), words);
    } catch (Refused nobodyListens) {
      // Nor does the driver's interrupt handler care: the guest has no queue, so it hears nothing.
    }
  }
}
