// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio;

import io.iommufd4j.bindings.vfio.vfio_device_info;
import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.wire.InfoBlock;
import io.iommufd4j.wire.KernelFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * VFIO's description of a device ({@code struct vfio_device_info}).
 *
 * @param flags {@code VFIO_DEVICE_FLAGS_*}
 * @param regions how many region indexes it has
 * @param irqs how many interrupt indexes it has
 * @param capabilities its capability chain, in order
 */
public record DeviceInfo(int flags, int regions, int irqs, List<InfoCapability> capabilities) {

  /** Copies the list. */
  public DeviceInfo {
    capabilities = List.copyOf(capabilities);
  }

  static DeviceInfo read(KernelFile file) {
    try (Arena arena = Arena.ofConfined()) {
      long bytes = vfio_device_info.sizeof();
      MemorySegment block =
          InfoBlock.read(file, Request.VFIO_DEVICE_GET_INFO, bytes, _ -> {}, arena);
      int flags = vfio_device_info.flags(block);
      boolean chain = (flags & vfio_h.VFIO_DEVICE_FLAGS_CAPS()) != 0;
      return new DeviceInfo(
          flags,
          vfio_device_info.num_regions(block),
          vfio_device_info.num_irqs(block),
          chain
              ? CapabilityDecoder.ofDevice(block, vfio_device_info.cap_offset(block))
              : List.of());
    }
  }

  /** {@return true if it can be reset alone} */
  public boolean resettable() {
    return has(vfio_h.VFIO_DEVICE_FLAGS_RESET());
  }

  /** {@return true if vfio-pci or a variant of it drives the device} */
  public boolean pci() {
    return has(vfio_h.VFIO_DEVICE_FLAGS_PCI());
  }

  private boolean has(int flag) {
    return (flags & flag) != 0;
  }
}
