package io.iommufd4j.sim;

import io.iommufd4j.sim.vfio.PciFunction;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The driver of Volume Management Devices: the PCI domain behind one goes with it. */
final class VmdDriver implements PciDriver {

  private final KernelDriver common = new KernelDriver("vmd", false);
  private final Map<PciFunction, VmdDomain> domains = new ConcurrentHashMap<>();

  /** Sets the domain that lies behind a VMD. */
  void leadsTo(PciFunction function, VmdDomain domain) {
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
    @Nullable VmdDomain domain = domains.get(function);
    if (domain != null) {
      domain.appear();
    }
  }

  /** {@code vmd_remove}. */
  @Override
  public void remove(PciFunction function) {
    @Nullable VmdDomain domain = domains.get(function);
    if (domain != null) {
      domain.disappear();
    }
    common.remove(function);
  }
}
