// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.noiommu;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.UserPages.PAGE;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.bindings.pci.pci_h;
import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenDevice;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** A piece of a BAR, mapped: its physical address is the one that the firmware gave it. */
@Conformance
@WithoutIommu
final class BufferTest {

  private static final long IOVA = 0x4000_0000;
  private static final int PIECE = 3;
  private static final int GET =
      vfio_h.VFIO_DEVICE_FEATURE_GET() | vfio_h.VFIO_DEVICE_FEATURE_DMA_BUF();

  private static BoundDevice device(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    bound.device().config(pci_h.PCI_COMMAND(), Short.BYTES, pci_h.PCI_COMMAND_MEMORY());
    return bound;
  }

  /** A dma-buf of four pages of BAR 0. */
  private static int export(KernelUnderTest test, OpenDevice device) {
    RequestBlock block = device.block(Request.VFIO_DEVICE_FEATURE, 32).set("flags", GET);
    MemorySegment data = block.memory().asSlice(8);
    data.set(ValueLayout.JAVA_INT, 4, libc_h.O_RDWR() | libc_h.O_CLOEXEC());
    data.set(ValueLayout.JAVA_INT, 12, 1);
    data.set(ValueLayout.JAVA_LONG, 16, PIECE * PAGE);
    data.set(ValueLayout.JAVA_LONG, 24, 4 * PAGE);
    int fd = ok(device.ioctl(block));
    test.closeAfter(fd);
    return fd;
  }

  private static long bar(KernelUnderTest test) throws IOException {
    String resources =
        new Attribute(test, "bus/pci/devices/" + test.machine().lone().getFirst() + "/resource")
            .text();
    return Long.decode(resources.split(" ", 2)[0]);
  }

  @Test
  void addressIsTheBars(KernelUnderTest test) throws IOException {
    BoundDevice bound = device(test);
    OpenIommufd iommufd = bound.iommufd();
    int ioas = bound.ioas();
    ok(bound.device().attach(ioas));
    ok(iommufd.mapFile(ioas, export(test, bound.device()), PAGE, 2 * PAGE, IOVA));
    long first = bar(test) + (PIECE + 1) * PAGE;
    assertEquals(new Physical(first, 2 * PAGE), Physical.of(iommufd, ioas, IOVA, -1));
    assertEquals(
        new Physical(first + PAGE + 0x10, PAGE - 0x10),
        Physical.of(iommufd, ioas, IOVA + PAGE + 0x10, -1));
  }

  @Test
  void whatWasTakenBackHasNone(KernelUnderTest test) {
    BoundDevice bound = device(test);
    OpenIommufd iommufd = bound.iommufd();
    int ioas = bound.ioas();
    int idle = bound.ioas();
    ok(bound.device().attach(ioas));
    int buffer = export(test, bound.device());
    ok(iommufd.mapFile(ioas, buffer, 0, PAGE, IOVA));
    ok(iommufd.mapFile(idle, buffer, 0, PAGE, IOVA));
    ok(Physical.answer(iommufd, ioas, IOVA, PAGE));
    bound.device().config(pci_h.PCI_COMMAND(), Short.BYTES, 0);
    refused(EINVAL, Physical.answer(iommufd, ioas, IOVA, PAGE));
    refused(EINVAL, Physical.answer(iommufd, idle, IOVA, PAGE));
    bound.device().config(pci_h.PCI_COMMAND(), Short.BYTES, pci_h.PCI_COMMAND_MEMORY());
    refused(EINVAL, Physical.answer(iommufd, ioas, IOVA, PAGE));
  }
}
