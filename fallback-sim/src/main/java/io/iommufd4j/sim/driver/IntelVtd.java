// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.driver;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.lib.Behavior;
import io.iommufd4j.sim.lib.Refused;

/**
 * Intel's VT-d ({@code intel-iommu}). {@code intel_iommu_attach_device} blocks translation first
 * and checks after; PASIDs are checked first.
 */
public class IntelVtd extends ModelDriver {

  /** A driver that runs one IOMMU. */
  public IntelVtd(IommuUnit unit) {
    super("intel-iommu", unit, AttachStrategy.BLOCKS_ON_FAILURE);
  }

  @Override
  public boolean allocatesNested() {
    return true;
  }

  @Override
  protected boolean attachesPasids(ModelDomain domain) {
    return true;
  }

  /**
   * {@inheritDoc}
   *
   * <p>{@code paging_domain_compatible}, then {@code intel_iommu_enable_iopf}: ENODEV for a domain
   * that reports page requests, as no function of these machines asks for pages.
   */
  @Override
  void requireFit(IommuDevice device, ModelDomain to) {
    super.requireFit(device, to);
    if (to.pageRequestHandler() != null) {
      throw Refused.with(Errno.ENODEV);
    }
  }

  @Override
  boolean readsAll(ModelDomain domain) {
    return super.readsAll(domain) || !has(Behavior.READ_PERMISSION_OF_VTD);
  }

  @Override
  boolean fits(IommuUnit unit, ModelDomain to) {
    return registers(unit).walks(registers(to.unit()), to.flags());
  }

  private static VtdRegisters registers(IommuUnit unit) {
    if (unit.registers() instanceof VtdRegisters registers) {
      return registers;
    }
    throw new IllegalArgumentException(unit + " is no VT-d");
  }
}
