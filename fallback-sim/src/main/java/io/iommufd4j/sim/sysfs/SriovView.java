// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.sysfs;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.fs.Sysfs;
import io.iommufd4j.sim.lib.KernelText;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.pci.DriverCore;
import io.iommufd4j.sim.pci.SriovCapability;
import io.iommufd4j.sim.pci.VirtualFunctions;

/** SR-IOV in sysfs: the attributes of physical functions, and the links to virtual ones. */
final class SriovView {

  private final Sysfs sysfs;
  private final DriverCore core;

  SriovView(Sysfs sysfs, DriverCore core) {
    this.sysfs = sysfs;
    this.core = core;
  }

  /** {@code sriov_pf_dev_attr_group}. */
  void show(String place, VirtualFunctions functions) {
    SriovCapability capability = functions.capability();
    sysfs.attribute(place + "/sriov_offset", capability.offset() + "\n");
    sysfs.attribute(place + "/sriov_stride", capability.stride() + "\n");
    sysfs.attribute(
        place + "/sriov_vf_device", Integer.toHexString(capability.virtualDeviceId()) + "\n");
    // What a driver could hand out to virtual functions; none of the drivers here does.
    sysfs.attribute(place + "/sriov_vf_total_msix", "0\n");
    sysfs.attribute(
        place + "/sriov_drivers_autoprobe",
        () -> functions.autoprobe() ? "1\n" : "0\n",
        text -> functions.autoprobe(KernelText.truth(text)));
    sysfs.attribute(place + "/sriov_totalvfs", () -> functions.limit() + "\n");
    sysfs.attribute(
        place + "/sriov_numvfs",
        () -> functions.count() + "\n",
        text -> core.count(functions, text));
  }

  /** {@code pci_iov_sysfs_link}, and {@code sriov_vf_dev_attr_group}. */
  void link(String place, String virtualPlace, int number) {
    sysfs.link(place + "/virtfn" + number, virtualPlace);
    sysfs.link(virtualPlace + "/physfn", place);
    sysfs.command(virtualPlace + "/sriov_vf_msix_count", SriovView::refuseVectors);
  }

  /** Only a driver that hands out vectors could take this. */
  private static void refuseVectors(String text) {
    if (KernelText.number(text) < 0) {
      throw Refused.with(Errno.EINVAL);
    }
    throw Refused.with(Errno.EOPNOTSUPP);
  }

  /** The links go first. */
  void unlink(String place, String virtualPlace, int number) {
    sysfs.remove(place + "/virtfn" + number);
    sysfs.remove(virtualPlace + "/physfn");
  }
}
