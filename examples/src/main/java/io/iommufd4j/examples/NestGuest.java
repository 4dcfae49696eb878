// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.examples;

import io.iommufd4j.DmaBuffer;
import io.iommufd4j.Hwpt;
import io.iommufd4j.Ioas;
import io.iommufd4j.Iommufd;
import io.iommufd4j.Viommu;
import io.iommufd4j.data.HwptData;
import io.iommufd4j.data.HwptSpec;
import io.iommufd4j.data.InvalidateOutcome;
import io.iommufd4j.data.Invalidation;
import io.iommufd4j.data.InvalidationBlock;
import io.iommufd4j.data.ViommuData;
import io.iommufd4j.kernel.Backend;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.uapi.HwptFlag;
import io.iommufd4j.vfio.VfioDevice;
import java.io.PrintStream;

/**
 * Gives a guest a virtual SMMUv3, as a VMM does: the guest's own table translates to the guest's
 * memory, and the VMM's table from there.
 */
public final class NestGuest {

  /** The first address of the guest's memory, as it sees it. */
  private static final long GUEST_MEMORY = 0x4000_0000;

  /** The number by which the guest's driver knows the device. */
  private static final int STREAM = 8;

  // Of a stream table entry's first word: that it counts, and its configuration.
  private static final long VALID = 1;
  private static final long BYPASS = 4 << 1;
  private static final long TRANSLATES = 5 << 1;

  private NestGuest() {}

  /**
   * Runs on the host's own kernel; takes an SMMUv3 that nests and forces memory attributes.
   *
   * @param arguments the address of a PCI device that vfio-pci has
   */
  public static void main(String[] arguments) {
    try (var kernel = Backend.NATIVE.open(Backend.Purpose.IOMMUFD)) {
      nest(kernel, PciAddress.parse(arguments[0]), System.out);
    }
  }

  static void nest(Kernel kernel, PciAddress address, PrintStream out) {
    long contexts = GUEST_MEMORY + 0x1000; // the guest's context descriptors
    try (var iommufd = Iommufd.open(kernel);
        var device = VfioDevice.open(kernel, address);
        var memory = DmaBuffer.allocate(kernel, 1 << 20)) {
      device.bind(iommufd);
      Ioas guest = iommufd.newIoas();
      guest.map(memory.segment(), GUEST_MEMORY, Access.READ_WRITE);
      Hwpt parent = iommufd.newHwpt(device, guest.id(), HwptSpec.of(HwptFlag.NEST_PARENT));
      Viommu viommu = iommufd.newViommu(device.id(), parent.id(), new ViommuData.SmmuV3());
      viommu.newVdevice(device.id(), STREAM);

      // The guest writes stream table entries: at its start one that passes DMA on, then its table.
      var bypass = HwptSpec.nested(new HwptData.SmmuV3(VALID | BYPASS, 0));
      device.attach(iommufd.newHwpt(device, viommu.id(), bypass));
      var table = HwptSpec.nested(new HwptData.SmmuV3(VALID | TRANSLATES | contexts, 0));
      device.replace(iommufd.newHwpt(device, viommu.id(), table));

      // Commands of its queue. One that the kernel refuses is an error that the guest is to see.
      var commands =
          InvalidationBlock.of(
              Invalidation.SmmuV3.allContexts(STREAM), Invalidation.SmmuV3.addressSpace(1));
      switch (viommu.tryInvalidate(commands)) {
        case InvalidateOutcome.Done(int count) -> out.println(count + " commands done");
        case InvalidateOutcome.Refused refused -> out.println(refused.cause().getMessage());
      }
    }
  }
}
