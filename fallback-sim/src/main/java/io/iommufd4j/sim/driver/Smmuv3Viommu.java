// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.driver;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.NestedDomain;
import io.iommufd4j.sim.iommu.PagingDomain;
import io.iommufd4j.sim.iommu.UserData;
import io.iommufd4j.sim.iommu.UserDataArray;
import io.iommufd4j.sim.iommu.ViommuCore;
import io.iommufd4j.sim.iommu.ViommuOps;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A guest's SMMUv3 ({@code struct arm_vsmmu}, {@code arm_vsmmu_ops}). */
final class Smmuv3Viommu implements ViommuOps {

  private final ArmSmmuV3 driver;
  private final IommuUnit unit;
  private final ViommuCore core;
  private final PagingDomain parent;

  Smmuv3Viommu(ArmSmmuV3 driver, IommuUnit unit, ViommuCore core, PagingDomain parent) {
    this.driver = driver;
    this.unit = unit;
    this.core = core;
    this.parent = parent;
  }

  /** The part of the vIOMMU that iommufd provides. */
  ViommuCore core() {
    return core;
  }

  /** The SMMU that carries it. */
  IommuUnit unit() {
    return unit;
  }

  /**
   * {@inheritDoc}
   *
   * <p>{@code arm_vsmmu_alloc_domain_nested}: EOPNOTSUPP for any flag, EIO for a stream table entry
   * that a guest may not have.
   */
  @Override
  public NestedDomain allocNested(int flags, UserData data) {
    if (flags != 0) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    var entry = Smmuv3StreamTableEntry.of(data);
    var table = new Smmuv3FirstStage(entry, ArmSmmuV3.registers(unit), parent, data.memory());
    return new Smmuv3NestedDomain(driver, this, entry, table);
  }

  /**
   * {@inheritDoc}
   *
   * <p>{@code arm_vsmmu_cache_invalidate}: as {@link UserDataArray#all}; then EIO for the first
   * command that a guest may not give or that names a device it does not have. There is nothing to
   * drop: tables are walked for each transaction.
   */
  @Override
  public void invalidate(UserDataArray requests) {
    int type = iommufd_h.IOMMU_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3();
    var registers = ArmSmmuV3.registers(unit);
    MemorySegment all = requests.all(type, Smmuv3Command.BYTES);
    for (int i = 0; i < requests.entries(); i++) {
      long at = (long) i * Smmuv3Command.BYTES;
      var command =
          new Smmuv3Command(
              all.get(ValueLayout.JAVA_LONG, at), all.get(ValueLayout.JAVA_LONG, at + Long.BYTES));
      command.requireAllowed(registers);
      if (command.forOneStream() && core.findDevice(command.stream()) == null) {
        throw Refused.with(Errno.EIO);
      }
      requests.handledOne();
    }
  }
}
