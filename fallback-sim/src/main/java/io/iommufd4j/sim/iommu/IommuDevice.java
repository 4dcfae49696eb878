package io.iommufd4j.sim.iommu;

import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A device behind an IOMMU ({@code struct device} with its {@code dev_iommu}), and what its DMA
 * meets at this moment.
 */
public final class IommuDevice {

  private final String name;
  private final IommuDriver driver;
  private final int maxPasids;
  private final boolean ats;
  private final boolean isolatedInterrupts;
  private final ConcurrentHashMap<Integer, IommuDomain> pasids = new ConcurrentHashMap<>();
  private @Nullable IommuGroup group;
  private volatile @Nullable IommuDomain steered;

  /**
   * A device that belongs to no group yet.
   *
   * @param name as sysfs names it, as {@code 0000:00:08.0}
   * @param maxPasids how many PASIDs it can tell apart; 0 for none
   * @param ats whether it translates addresses itself (PCI ATS): only such devices are blocked
   *     during a reset
   * @param isolatedInterrupts whether a stray write cannot raise another's interrupt
   */
  public IommuDevice(
      String name, IommuDriver driver, int maxPasids, boolean ats, boolean isolatedInterrupts) {
    this.name = name;
    this.driver = driver;
    this.maxPasids = maxPasids;
    this.ats = ats;
    this.isolatedInterrupts = isolatedInterrupts;
  }

  /** As sysfs names it. */
  public String name() {
    return name;
  }

  /** The driver of the IOMMU it sits behind. */
  public IommuDriver driver() {
    return driver;
  }

  /** How many PASIDs it can tell apart. */
  public int maxPasids() {
    return maxPasids;
  }

  /** Whether it translates addresses itself. */
  public boolean ats() {
    return ats;
  }

  boolean isolatedInterrupts() {
    return isolatedInterrupts;
  }

  /** The group it belongs to. */
  public IommuGroup group() {
    IommuGroup now = group;
    if (now == null) {
      throw new IllegalStateException(name + " belongs to no group yet");
    }
    return now;
  }

  void join(IommuGroup joined) {
    group = joined;
  }

  /**
   * What hardware has in the device's context entry from now on. For drivers only.
   *
   * @param domain what DMA goes through; null aborts every transaction
   */
  public void steer(@Nullable IommuDomain domain) {
    steered = domain;
  }

  /** The same for DMA that carries a PASID. For drivers only. */
  public void steerPasid(int pasid, @Nullable IommuDomain domain) {
    if (domain == null) {
      pasids.remove(pasid);
    } else {
      pasids.put(pasid, domain);
    }
  }

  /** What a transaction without PASID meets at this moment; null aborts it. */
  public @Nullable IommuDomain steered() {
    return steered;
  }

  /** What a transaction with a PASID meets at this moment; null aborts it. */
  public @Nullable IommuDomain steered(int pasid) {
    return pasids.get(pasid);
  }

  @Override
  public String toString() {
    return name;
  }
}
