// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.pci;

import io.iommufd4j.sim.lib.Refused;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The driver of Volume Management Devices: the PCI domain behind one goes with it. */
public final class VmdDriver implements PciDriver {

  /** The PCI domain behind a VMD. */
  public interface Domain {

    /** {@code vmd_enable_domain}: the functions are found, and offered to every driver. */
    void appear();

    /**
     * {@code pci_stop_root_bus} and {@code pci_remove_root_bus}: each function's driver lets go of
     * it first, which waits for who has it open.
     *
     * @throws Refused EINTR when the thread is interrupted; the functions stay then
     */
    void disappear();
  }

  private final KernelDriver common = new KernelDriver("vmd", false);
  private final Map<PciFunction, Domain> domains = new ConcurrentHashMap<>();

  /** Sets the domain that lies behind a VMD. */
  public void leadsTo(PciFunction function, Domain domain) {
    domains.put(function, domain);
  }

  @Override
  public String name() {
    return common.name();
  }

  @Override
  public boolean matches(PciFunction function) {
    return common.matches(function);
  }

  /** {@code vmd_probe}. */
  @Override
  public void probe(PciFunction function) {
    common.probe(function);
    @Nullable Domain domain = domains.get(function);
    if (domain != null) {
      domain.appear();
    }
  }

  /** {@code vmd_remove}. */
  @Override
  public void remove(PciFunction function) {
    @Nullable Domain domain = domains.get(function);
    if (domain != null) {
      domain.disappear();
    }
    common.remove(function);
  }
}
