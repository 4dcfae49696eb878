// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommu;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.hardware.Capability;
import io.iommufd4j.sim.iommu.hardware.HardwareInfo;
import io.iommufd4j.sim.iommu.hardware.ReservedRegion;
import io.iommufd4j.sim.lib.Refused;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A driver that refuses to attach certain devices to certain domains, and writes down every call.
 */
final class RefusingDriver implements IommuDriver {

  private record Pair(IommuDomain domain, IommuDevice device) {}

  private final Set<Pair> refused = new HashSet<>();
  private final List<String> calls = new ArrayList<>();
  private final Blocked blocked = new Blocked();

  /** A page table with a name. */
  final class Named extends PagingDomain {
    private final String name;

    Named(DomainType type, String name) {
      super(type, RefusingDriver.this, new PageTable(0, (1L << 48) - 1, 4096));
      this.name = name;
    }

    @Override
    protected void attachDevice(IommuDevice device, @Nullable IommuDomain old) {
      switchOver(device, this, old);
      device.steer(this);
    }

    @Override
    protected void attachPasid(IommuDevice device, int pasid, @Nullable IommuDomain old) {
      switchOver(device, this, old);
      device.steerPasid(pasid, this);
    }

    @Override
    protected boolean attachesPasids() {
      return true;
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private final class Blocked extends IommuDomain {
    Blocked() {
      super(DomainType.BLOCKED, RefusingDriver.this);
    }

    @Override
    protected void attachDevice(IommuDevice device, @Nullable IommuDomain old) {
      switchOver(device, this, old);
      device.steer(null);
    }

    @Override
    public long translate(long iova, boolean write) {
      return FAULT;
    }

    @Override
    public String toString() {
      return "blocked";
    }
  }

  Named domain(String name) {
    return new Named(DomainType.UNMANAGED, name);
  }

  /** From now on a device cannot be attached to a domain. */
  void refuse(IommuDomain domain, IommuDevice device) {
    refused.add(new Pair(domain, device));
  }

  void allow(IommuDomain domain, IommuDevice device) {
    refused.remove(new Pair(domain, device));
  }

  /**
   * The calls since the last time, each as {@code device: old -> new}, with {@code !} if refused.
   */
  List<String> calls() {
    List<String> now = List.copyOf(calls);
    calls.clear();
    return now;
  }

  private void switchOver(IommuDevice device, IommuDomain to, @Nullable IommuDomain old) {
    boolean refuses = refused.contains(new Pair(to, device));
    calls.add(device + ": " + old + " -> " + to + (refuses ? " !" : ""));
    if (refuses) {
      throw Refused.with(Errno.EINVAL);
    }
  }

  @Override
  public String name() {
    return "refusing";
  }

  @Override
  public IommuDomain blockedDomain() {
    return blocked;
  }

  @Override
  public IommuDomain allocDefault(IommuDevice device) {
    return new Named(DomainType.DMA, "default");
  }

  @Override
  public PagingDomain allocPaging(IommuDevice device, int flags) {
    return domain("paging");
  }

  @Override
  public boolean capable(IommuDevice device, Capability capability) {
    return true;
  }

  @Override
  public List<ReservedRegion> reservedRegions(IommuDevice device) {
    return List.of();
  }

  @Override
  public HardwareInfo hardwareInfo(IommuDevice device, int type) {
    return new HardwareInfo(0, new byte[0]);
  }
}
