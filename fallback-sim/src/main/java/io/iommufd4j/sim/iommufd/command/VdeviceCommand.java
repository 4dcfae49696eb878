// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.command;

import io.iommufd4j.bindings.iommufd.iommu_vdevice_alloc;
import io.iommufd4j.sim.iommufd.IommufdDevice;
import io.iommufd4j.sim.iommufd.ObjectTable;
import io.iommufd4j.sim.iommufd.viommu.Vdevice;
import io.iommufd4j.sim.iommufd.viommu.Viommu;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;

/** {@code IOMMU_VDEVICE_ALLOC}. */
final class VdeviceCommand {

  private VdeviceCommand() {}

  /**
   * ENOENT for an unknown vIOMMU or device, EINVAL when they are not of one IOMMU, ENOENT for a
   * device that is about to go, EEXIST when it is a guest's already or the guest has another by
   * that number, else as the driver answers; EFAULT.
   */
  static void alloc(Command command) {
    MemorySegment block = command.block();
    ObjectTable objects = command.objects();
    Viommu viommu = objects.get(iommu_vdevice_alloc.viommu_id(block), Viommu.class);
    try {
      IommufdDevice device = objects.get(iommu_vdevice_alloc.dev_id(block), IommufdDevice.class);
      try {
        viommu.requireSameIommu(device);
        make(command, viommu, device);
      } catch (Refused refused) {
        // A vDEVICE that is there holds its device.
        objects.put(device);
        throw refused;
      }
    } finally {
      objects.put(viommu);
    }
  }

  private static void make(Command command, Viommu viommu, IommufdDevice device) {
    MemorySegment block = command.block();
    ObjectTable objects = command.objects();
    try (var _ = device.groupLock().guard()) {
      device.requireNoVdevice();
      long virtualId = iommu_vdevice_alloc.virt_id(block);
      Vdevice vdevice = objects.reserve(() -> new Vdevice(viommu, device, virtualId));
      try {
        vdevice.enter();
        iommu_vdevice_alloc.out_vdevice_id(block, vdevice.id());
        command.respond(iommu_vdevice_alloc.sizeof());
      } catch (Refused refused) {
        objects.abort(vdevice);
        throw refused;
      }
      objects.publish(vdevice);
    }
  }
}
