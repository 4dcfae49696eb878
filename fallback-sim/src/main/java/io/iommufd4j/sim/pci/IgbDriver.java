// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.pci;

/**
 * The driver of Intel's 82576 network cards: virtual functions are made and taken away as {@code
 * sriov_numvfs} says, and go with the driver.
 *
 * @param common what it has in common with other drivers of the kernel
 * @param virtualFunctions those of every function with SR-IOV
 */
public record IgbDriver(KernelDriver common, SriovFunctions virtualFunctions) implements PciDriver {

  /** As sysfs names it. */
  public static final String NAME = "igb";

  /** Most virtual functions that the driver serves; the hardware could have one more. */
  private static final int MOST = 7;

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public boolean matches(PciFunction function) {
    return common.matches(function);
  }

  /** {@code igb_probe}, {@code igb_probe_vfs}. */
  @Override
  public void probe(PciFunction function) {
    common.probe(function);
    virtualFunctions.of(function).ifPresent(functions -> functions.limit(MOST));
  }

  @Override
  public boolean makesVirtualFunctions() {
    return true;
  }

  /** {@code igb_pci_sriov_configure}. */
  @Override
  public void count(VirtualFunctions functions, int wanted) {
    if (wanted == 0) {
      functions.disable();
    } else {
      functions.enable(wanted, null);
    }
  }

  /** {@code igb_remove}: the virtual functions go first. */
  @Override
  public void remove(PciFunction function) {
    virtualFunctions
        .of(function)
        .ifPresent(functions -> {
          functions.disable();
          functions.noLimit();
        });
    common.remove(function);
  }
}
