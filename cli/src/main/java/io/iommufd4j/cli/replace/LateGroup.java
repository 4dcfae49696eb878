// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.replace;

import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.Patience;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.PciDevice;
import io.iommufd4j.pci.VfioBinding;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Has a device put in its IOMMU group where Linux does that only once a driver is bound, as 6.12
 * does behind virtio-iommu and SMMUv3: vfio-pci gets the device before there can be a plan, and for
 * as long as this is open. The group itself stays.
 */
public final class LateGroup implements AutoCloseable {

  private final PciDevice device;
  private final @Nullable VfioBinding binding;

  private LateGroup(PciDevice device, @Nullable VfioBinding binding) {
    this.device = device;
    this.binding = binding;
  }

  /** True if a plan takes such a step first. */
  public static boolean wanted(Host host, PciDevice device) {
    return host.groupsOnBind(device);
  }

  /**
   * Binds the device, and with it those of its slot whose DMA is to be shown: they may share its
   * group, and are in none either. Does nothing for a device that has its group.
   *
   * @throws io.iommufd4j.error.HostException when vfio-pci cannot have it
   */
  public static LateGroup of(
      Kernel kernel,
      PciDevice device,
      ReplaceOrder order,
      Patience patience,
      ProgressListener progress) {
    var host = Host.of(kernel);
    if (!wanted(host, device)) {
      return new LateGroup(device, null);
    }
    var addresses = new ArrayList<PciAddress>(List.of(device.address()));
    if (order.proveDma()) {
      host.devices().stream()
          .filter(other -> other.address().sameSlot(device.address()))
          .filter(other -> !other.address().equals(device.address()))
          .filter(other -> wanted(host, other) && EduEngine.drives(other))
          .forEach(other -> addresses.add(other.address()));
    }
    VfioBinding binding = VfioBinding.prepare(kernel, addresses, patience);
    binding.bind();
    addresses.forEach(address ->
        progress.did(
            "bound "
                + address
                + " to vfio-pci for the run: this kernel puts it in an IOMMU group only then,"
                + " and leaves it there"));
    return new LateGroup(host.device(device.address()), binding);
  }

  /** The device, in its group where it has one. */
  public PciDevice device() {
    return device;
  }

  /**
   * Gives back what was bound.
   *
   * @throws NotRestoredException when a device cannot be given back
   */
  @Override
  public void close() {
    if (binding != null) {
      Replacement.giveBack(binding);
    }
  }
}
