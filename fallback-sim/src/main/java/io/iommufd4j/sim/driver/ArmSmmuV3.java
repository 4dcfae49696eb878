// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.driver;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_NEST_PARENT;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_VIOMMU_TYPE_ARM_SMMUV3;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.IommuDomain;
import io.iommufd4j.sim.iommu.PagingDomain;
import io.iommufd4j.sim.iommu.UserData;
import io.iommufd4j.sim.iommu.ViommuCore;
import io.iommufd4j.sim.iommu.ViommuOps;
import io.iommufd4j.sim.lib.Refused;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * ARM's SMMUv3 ({@code arm-smmu-v3}): it checks before it changes anything, and is the one driver
 * here that lets a guest have the first stage of translation.
 */
public class ArmSmmuV3 extends ModelDriver {

  /**
   * The guest's stream id of each device whose events go to a guest ({@code struct
   * arm_smmu_vmaster}).
   */
  private final Map<IommuDevice, Long> virtualStreams = new ConcurrentHashMap<>();

  /** A driver that runs one SMMUv3. */
  public ArmSmmuV3(IommuUnit unit) {
    super("arm-smmu-v3", unit, AttachStrategy.BLOCKING_WINDOW);
  }

  /** {@code arm_lpae_init_pte}. */
  @Override
  Errno occupied() {
    return Errno.EEXIST;
  }

  /** {@code arm_smmu_get_viommu_size}. */
  @Override
  public boolean virtualizes(IommuDevice device, int type) {
    return type == IOMMU_VIOMMU_TYPE_ARM_SMMUV3() && registers(unit(device)).virtualizes();
  }

  /**
   * {@inheritDoc}
   *
   * <p>{@code arm_vsmmu_init}: EINVAL for a parent that belongs to another SMMU; what the user says
   * beyond that is not looked at.
   */
  @Override
  public ViommuOps initViommu(
      ViommuCore core, IommuDevice device, int type, PagingDomain parent, @Nullable UserData data) {
    IommuUnit unit = unit(device);
    if (!(parent instanceof ModelDomain own) || !unit.equals(own.unit())) {
      throw Refused.with(Errno.EINVAL);
    }
    return new Smmuv3Viommu(this, unit, core, parent);
  }

  /** The registers of an SMMUv3. */
  static Smmuv3Registers registers(IommuUnit unit) {
    if (unit.registers() instanceof Smmuv3Registers registers) {
      return registers;
    }
    throw new IllegalArgumentException(unit + " is no SMMUv3");
  }

  @Override
  protected boolean attachesPasids(ModelDomain domain) {
    return true;
  }

  @Override
  void attachPasid(IommuDevice device, int pasid, ModelDomain to) {
    // A nesting parent is a second stage, and PASIDs select among first stages.
    if ((to.flags() & IOMMU_HWPT_ALLOC_NEST_PARENT()) != 0) {
      throw Refused.with(Errno.EINVAL);
    }
    super.attachPasid(device, pasid, to);
  }

  /** Address space ids are handed out for each SMMU, so a domain never serves two. */
  @Override
  boolean fits(IommuUnit unit, ModelDomain to) {
    return unit == to.unit() || unit.equals(to.unit());
  }

  /** {@code arm_smmu_attach_dev_nested}. */
  void attachNested(IommuDevice device, Smmuv3NestedDomain to, OptionalLong virtualStream) {
    steer(device, to);
    if (virtualStream.isPresent()) {
      virtualStreams.put(device, virtualStream.getAsLong());
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>{@code arm_smmu_write_entry} changes an entry without a gap where one of its words suffices.
   * Between two page tables it takes more: the ASID and the table's address, or the VMID. The entry
   * is then invalid in between. A guest's tables keep the VMID of their parent.
   */
  @Override
  boolean opensWindow(IommuDevice device, IommuDomain to) {
    return device.steered() instanceof ModelDomain && to instanceof ModelDomain;
  }

  @Override
  void steer(IommuDevice device, IommuDomain to) {
    super.steer(device, to);
    virtualStreams.remove(device);
  }

  /**
   * The guest's stream id of a device, as it was at the attach; null for none, and then the guest
   * gets no events.
   */
  @Nullable Long virtualStream(IommuDevice device) {
    return virtualStreams.get(device);
  }
}
