// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.Iommufd;
import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.error.HostException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.pci.Holder;
import io.iommufd4j.pci.Holder.Hold;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.pci.VfioHolders;
import io.iommufd4j.vfio.VfioDevice;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The library's search for holders, on processes of a simulated host. */
class HolderSearchTest {

  private static final PciAddress EDU = PciAddress.parse("0000:00:0a.0");
  private static final String CDEV = "/dev/vfio/devices/vfio0";
  private static final int READ_WRITE = libc_h.O_RDWR() | libc_h.O_CLOEXEC();

  private final SimKernel kernel = SimKernel.on(Machine.named("many:vtd"));
  private final HostProcess qemu = kernel.control().start("qemu-system-x86");

  @BeforeEach
  void bind() {
    new Shell(kernel).bind(EDU.toString(), "vfio-pci");
  }

  @AfterEach
  void close() {
    kernel.close();
  }

  private List<Holder> holders() {
    return VfioHolders.of(kernel).of(Host.of(kernel).device(EDU));
  }

  private Holder holder(Hold hold, String path) {
    return new Holder(qemu.pid(), "qemu-system-x86", hold, path);
  }

  @Test
  void byTheNode() {
    assertEquals(List.of(), holders());
    assertTrue(qemu.open(CDEV, READ_WRITE) >= 0);
    assertEquals(List.of(holder(Hold.CDEV, CDEV)), holders());
    var refused = assertThrows(HostException.class, () -> VfioBinding.release(kernel, EDU));
    assertEquals(Errno.EBUSY, refused.errno());
    qemu.close();
    assertEquals(List.of(), holders());
  }

  @Test
  void byANodeOfAnotherName() {
    kernel.control().mknod("/dev/container/vfio", 251, 0);
    assertTrue(qemu.open("/dev/container/vfio", READ_WRITE) >= 0);
    assertEquals(List.of(holder(Hold.CDEV, "/dev/container/vfio")), holders());
  }

  @Test
  void byAMappedRegion() {
    try (var iommufd = Iommufd.open(qemu);
        var device = VfioDevice.open(qemu, EDU)) {
      device.bind(iommufd);
      assertTrue(qemu.mmap(4096, libc_h.PROT_READ(), libc_h.MAP_SHARED(), device.fd(), 0) > 0);
    }
    assertEquals(List.of(holder(Hold.MAPPING, CDEV)), holders());
  }

  @Test
  void byTheGroup() {
    int group = qemu.open("/dev/vfio/3", READ_WRITE);
    assertEquals(List.of(holder(Hold.GROUP, "/dev/vfio/3")), holders());
    int iommufd = qemu.open("/dev/iommu", READ_WRITE);
    try (var arena = Arena.ofConfined()) {
      var container = arena.allocateFrom(ValueLayout.JAVA_INT, iommufd);
      assertEquals(0, qemu.ioctl(group, vfio_h.VFIO_GROUP_SET_CONTAINER(), container));
      var name = arena.allocateFrom(EDU.toString());
      assertTrue(qemu.ioctl(group, vfio_h.VFIO_GROUP_GET_DEVICE_FD(), name) >= 0);
    }
    assertTrue(holders().contains(holder(Hold.DEVICE, "anon_inode:[vfio-device]")));
  }
}
