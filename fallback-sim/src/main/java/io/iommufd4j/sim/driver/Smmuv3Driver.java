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
 * ARM's SMMUv3 ({@code arm-smmu-v3}): hitless, and the one driver here that lets a guest have the
 * first stage of translation.
 */
public final class Smmuv3Driver extends HitlessDriver {

  /** What a guest calls a device whose events go to it ({@code struct arm_smmu_vmaster}). */
  private final Map<IommuDevice, Long> virtualStreams = new ConcurrentHashMap<>();

  /** A driver that runs one SMMUv3. */
  public Smmuv3Driver(String name, IommuUnit unit) {
    super(name, unit);
  }

  /** A second stage translates what comes out of a first one, which is less than what goes in. */
  @Override
  long apertureLast(IommuUnit unit, int flags) {
    if ((flags & IOMMU_HWPT_ALLOC_NEST_PARENT()) == 0) {
      return unit.apertureLast();
    }
    long last = (1L << Smmuv3Registers.of(unit).outputBits()) - 1;
    return Math.min(last, unit.apertureLast());
  }

  /** {@code arm_lpae_init_pte}. */
  @Override
  Errno occupied() {
    return Errno.EEXIST;
  }

  /** {@code arm_smmu_get_viommu_size}. */
  @Override
  public boolean virtualizes(IommuDevice device, int type) {
    return type == IOMMU_VIOMMU_TYPE_ARM_SMMUV3()
        && Smmuv3Registers.of(unit(device)).forcesAttributes();
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

  /** {@code arm_smmu_attach_dev_nested}. */
  void attachNested(IommuDevice device, Smmuv3NestedDomain to, OptionalLong virtualStream) {
    steer(device, to);
    if (virtualStream.isPresent()) {
      virtualStreams.put(device, virtualStream.getAsLong());
    }
  }

  @Override
  void steer(IommuDevice device, IommuDomain to) {
    device.steer(to);
    virtualStreams.remove(device);
  }

  /** What a guest called a device when it was attached; the guest is told of nothing without. */
  @Nullable Long virtualStream(IommuDevice device) {
    return virtualStreams.get(device);
  }
}
