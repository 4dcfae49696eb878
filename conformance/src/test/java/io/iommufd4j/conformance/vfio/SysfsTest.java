// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.vfio;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.kernel.Errno.EACCES;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EEXIST;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.EIO;
import static io.iommufd4j.kernel.Errno.ENODEV;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.EPERM;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciAddress;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The attributes in {@code /sys} of VFIO's devices, read and written. */
@Conformance
final class SysfsTest {

  private static final String DRIVER = "bus/pci/drivers/vfio-pci/";

  private static PciAddress lone(KernelUnderTest test) {
    return test.machine().lone().getFirst();
  }

  private static long write(KernelUnderTest test, String path, String text) {
    int fd = test.kernel().open("/sys/" + path, libc_h.O_WRONLY());
    if (fd < 0) {
      return fd;
    }
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    MemorySegment buffer = test.arena().allocateFrom(ValueLayout.JAVA_BYTE, bytes);
    long answer = test.kernel().write(fd, buffer);
    ok(test.kernel().close(fd));
    return answer < 0 ? answer : 0;
  }

  private static String read(KernelUnderTest test, String path) throws IOException {
    return Files.readString(test.kernel().sysfs().resolve(path)).strip();
  }

  private static String group(KernelUnderTest test) {
    return "kernel/iommu_groups/" + Host.of(test.kernel()).device(lone(test)).group().orElseThrow();
  }

  @Test
  void driverThatIsBoundIsNotBoundAgain(KernelUnderTest test) {
    refused(EBUSY, write(test, DRIVER + "bind", lone(test).toString()));
    refused(ENODEV, write(test, DRIVER + "bind", "0000:00:1e.7"));
    refused(ENODEV, write(test, DRIVER + "unbind", "0000:00:1e.7"));
    refused(ENODEV, write(test, DRIVER + "unbind", "0000:00:00.0"));
    refused(EACCES, test.kernel().open("/sys/" + DRIVER + "bind", libc_h.O_RDONLY()));
    refused(ENOENT, write(test, DRIVER + "bound", ""));
  }

  @ParameterizedTest
  @ValueSource(strings = {"8086", "x", "8086 x"})
  void idIsTwoNumbersAtLeast(String text, KernelUnderTest test) {
    refused(EINVAL, write(test, DRIVER + "new_id", text));
    refused(EINVAL, write(test, DRIVER + "remove_id", text));
  }

  @Test
  void idsAreAddedOnceAndTakenAway(KernelUnderTest test) {
    refused(ENODEV, write(test, DRIVER + "remove_id", "abcd 1234"));
    ok((int) write(test, DRIVER + "new_id", "abcd 1234"));
    refused(EEXIST, write(test, DRIVER + "new_id", "abcd 1234"));
    refused(EEXIST, write(test, DRIVER + "new_id", "0xabcd 0x1234 1 2"));
    ok((int) write(test, DRIVER + "remove_id", "abcd 1234"));
    refused(ENODEV, write(test, DRIVER + "remove_id", "abcd 1234"));
    refused(EINVAL, write(test, DRIVER + "new_id", "abcd 1234 ffffffff ffffffff 0 0 5"));
  }

  @Test
  void bindingFollowsIds(KernelUnderTest test) throws IOException {
    String device = "bus/pci/devices/" + lone(test);
    String override = read(test, device + "/driver_override");
    ok((int) write(test, DRIVER + "unbind", lone(test).toString()));
    ok((int) write(test, device + "/driver_override", "\n"));
    test.keep(() -> {
      write(test, DRIVER + "remove_id", "1234 11e8");
      write(test, device + "/driver_override", override);
      write(test, "bus/pci/drivers_probe", lone(test).toString());
    });
    refused(ENODEV, write(test, DRIVER + "bind", lone(test).toString()));
    ok((int) write(test, DRIVER + "new_id", "1234 11e8"));
    assertTrue(
        Files.exists(test.kernel().sysfs().resolve(device + "/driver")), "it is taken at once");
    ok((int) write(test, DRIVER + "remove_id", "1234 11e8"));
    assertTrue(Files.exists(test.kernel().sysfs().resolve(device + "/driver")), "and stays");
    ok((int) write(test, DRIVER + "unbind", lone(test).toString()));
    refused(ENODEV, write(test, DRIVER + "bind", lone(test).toString()));
  }

  @Test
  void groupHasANodeOfItsClass(KernelUnderTest test) throws IOException {
    int number = Host.of(test.kernel()).device(lone(test)).group().orElseThrow();
    String node = "class/vfio/" + number;
    assertEquals("DEVNAME=vfio/" + number, read(test, node + "/uevent").lines().toList().getLast());
    assertTrue(read(test, node + "/dev").contains(":"));
    assertEquals(
        "../../devices/virtual/vfio/" + number,
        Files.readSymbolicLink(test.kernel().sysfs().resolve(node)).toString());
  }

  @Test
  void barIsAFileToMap(KernelUnderTest test) {
    String bar = "/sys/bus/pci/devices/" + lone(test) + "/resource0";
    int fd = ok(test.kernel().open(bar, libc_h.O_RDWR()));
    MemorySegment buffer = test.arena().allocate(4);
    same(EIO.negated(), test.kernel().read(fd, buffer));
    same(EIO.negated(), test.kernel().write(fd, buffer));
    ok(test.kernel().close(fd));
  }

  @Test
  void groupTypeIsChangedWhileNobodyOwnsIt(KernelUnderTest test) throws IOException {
    String type = group(test) + "/type";
    String before = read(test, type);
    test.keep(() -> write(test, type, before));
    refused(EINVAL, write(test, type, "nonsense"));
    refused(EINVAL, write(test, type, "dma"));
    ok((int) write(test, type, "identity"));
    assertEquals("identity", read(test, type));
    ok((int) write(test, type, "DMA\n"));
    assertEquals("DMA", read(test, type));
    ok((int) write(test, type, "DMA"));
    test.bound(lone(test));
    refused(EPERM, write(test, type, "identity"));
    refused(EPERM, write(test, type, "auto"));
    assertEquals("DMA", read(test, type));
  }
}
