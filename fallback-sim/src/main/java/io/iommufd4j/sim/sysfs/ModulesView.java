// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.sysfs;

import io.iommufd4j.sim.fs.Sysfs;
import io.iommufd4j.sim.lib.KernelText;
import io.iommufd4j.sim.vfio.VfioParameters;
import java.util.concurrent.atomic.AtomicBoolean;

/** {@code /sys/module}: the parameters of modules, each of which is on or off. */
final class ModulesView {

  private final Sysfs sysfs;
  private final VfioParameters vfio;

  ModulesView(Sysfs sysfs, VfioParameters vfio) {
    this.sysfs = sysfs;
    this.vfio = vfio;
  }

  /** Shows them all. */
  void show(AtomicBoolean allowUnsafeInterrupts) {
    showSwitch("module/iommufd/parameters/allow_unsafe_interrupts", allowUnsafeInterrupts);
    showSwitch(
        "module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", vfio.type1UnsafeInterrupts());
    showSwitch("module/vfio/parameters/enable_unsafe_noiommu_mode", vfio.unsafeNoIommu());
    showSwitch("module/vfio_pci/parameters/enable_sriov", vfio.enableSriov());
  }

  private void showSwitch(String parameter, AtomicBoolean value) {
    sysfs.attribute(parameter, () -> flag(value.get()), text -> value.set(KernelText.truth(text)));
  }

  private static String flag(boolean on) {
    return on ? "Y\n" : "N\n";
  }
}
