// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.pci;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.KernelText;
import io.iommufd4j.sim.lib.Refused;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The virtual functions of a physical one ({@code drivers/pci/iov.c}): they appear together and go
 * together, when {@code sriov_numvfs} is written and the physical function's driver agrees. Whoever
 * changes them holds the physical function's place in the {@link DriverCore}.
 */
public final class VirtualFunctions {

  /** The machine's side, which adds a virtual function and removes it again. */
  public interface Slots {

    /**
     * {@code pci_iov_add_virtfn}.
     *
     * @param driver the one that it is meant for; null for whichever wants it
     */
    PciFunction add(PciFunction physical, int number, @Nullable String driver);

    /**
     * {@code pci_iov_remove_virtfn}: waits for who has it open.
     *
     * @throws Refused EINTR when the thread is interrupted
     */
    void remove(PciFunction virtual, int number);
  }

  private static final int MOST = 0xffff;

  private final PciFunction physical;
  private final SriovCapability capability;
  private final Slots slots;
  private final List<PciFunction> present = new ArrayList<>();
  private volatile int count;
  private volatile int limit;
  private volatile boolean autoprobe = true;

  /** None yet, and as many at most as the capability says. */
  public VirtualFunctions(PciFunction physical, SriovCapability capability, Slots slots) {
    this.physical = physical;
    this.capability = capability;
    this.slots = slots;
    this.limit = capability.total();
  }

  /** The function that they are of. */
  public PciFunction physical() {
    return physical;
  }

  /** The capability, which says how many there can be, and at which addresses. */
  public SriovCapability capability() {
    return capability;
  }

  /** {@code sriov_drivers_autoprobe}: whether drivers are offered those that name no driver. */
  public boolean autoprobe() {
    return autoprobe;
  }

  /** Sets {@link #autoprobe()}. */
  public void autoprobe(boolean probe) {
    autoprobe = probe;
  }

  /** {@code driver_max_VFs}: how many there can be with the driver that the function has. */
  public int limit() {
    return limit;
  }

  /** {@code pci_sriov_set_totalvfs}: the driver serves no more than so many. */
  public void limit(int most) {
    limit = Math.min(most, capability.total());
  }

  /** {@code pci_iov_remove}: the driver is gone. */
  void noLimit() {
    limit(capability.total());
  }

  /** The number of virtual functions now. */
  public int count() {
    return count;
  }

  /**
   * Reads a number as {@code sriov_numvfs_store} does before it asks the driver.
   *
   * @return how many are wanted
   * @throws Refused EINVAL for what is no number of 16 bits, ERANGE for more than there can be
   */
  int wanted(String text) {
    long wanted;
    try {
      wanted = Integer.toUnsignedLong(KernelText.number(text));
    } catch (Refused tooLarge) {
      throw Refused.with(Errno.EINVAL);
    }
    if (wanted > MOST) {
      throw Refused.with(Errno.EINVAL);
    }
    if (wanted > limit) {
      throw Refused.with(Errno.ERANGE);
    }
    return (int) wanted;
  }

  /**
   * {@code pci_enable_sriov}.
   *
   * @param driver the one that they are meant for; null for whichever wants them
   */
  public void enable(int wanted, @Nullable String driver) {
    capability.switchTo(wanted);
    for (int i = 0; i < wanted; i++) {
      present.add(slots.add(physical, i, driver));
    }
    count = wanted;
  }

  /**
   * {@code pci_disable_sriov}: waits for who has one open, one after the other. Does nothing where
   * there are none.
   *
   * @throws Refused EINTR when the thread is interrupted
   */
  public void disable() {
    if (count == 0) {
      return;
    }
    while (!present.isEmpty()) {
      slots.remove(present.getFirst(), count - present.size());
      present.removeFirst();
    }
    capability.switchTo(0);
    count = 0;
  }
}
