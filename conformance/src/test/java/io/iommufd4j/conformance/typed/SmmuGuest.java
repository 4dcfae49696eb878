// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.typed;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.EventQueue;
import io.iommufd4j.Hwpt;
import io.iommufd4j.Ioas;
import io.iommufd4j.Iommufd;
import io.iommufd4j.Viommu;
import io.iommufd4j.conformance.EduDma;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenDevice;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.nesting.FirstStage;
import io.iommufd4j.conformance.nesting.Guest;
import io.iommufd4j.data.GuestEvent;
import io.iommufd4j.data.HwptData;
import io.iommufd4j.data.HwptSpec;
import io.iommufd4j.data.ViommuData;
import io.iommufd4j.event.Events;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.uapi.HwptFlag;
import io.iommufd4j.vfio.VfioDevice;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/**
 * A virtual machine as far as an SMMUv3 knows it, by handles: its memory, the nesting parent, the
 * virtual SMMUv3 and its device.
 *
 * @param pages its memory: page 0 is to be read, page 1 to be written by DMA
 */
record SmmuGuest(
    KernelUnderTest test,
    Iommufd iommufd,
    VfioDevice device,
    EduDma dma,
    UserPages pages,
    Viommu viommu,
    FirstStage table)
    implements AutoCloseable {

  /** The stream id by which it knows its device. */
  static final int STREAM = 0x1234;

  /** The content at the start of page 0. */
  static final String TEXT = "GUES";

  /** The bytes that a device has read when its read was aborted. */
  static final String NOTHING = "\0\0\0\0";

  private static final int PAGES = 16;

  static SmmuGuest of(KernelUnderTest test) {
    var kernel = test.kernel();
    var address = test.machine().lone().getFirst();
    var iommufd = Iommufd.open(kernel);
    var device = VfioDevice.open(kernel, address);
    device.bind(iommufd);
    UserPages pages = test.pages(PAGES);
    Ioas ioas = iommufd.newIoas();
    ioas.map(pages.address(), pages.bytes(), Guest.MEMORY, Access.READ_WRITE);
    Hwpt parent = iommufd.newHwpt(device, ioas.id(), HwptSpec.of(HwptFlag.NEST_PARENT));
    Viommu viommu = iommufd.newViommu(device.id(), parent.id(), new ViommuData.SmmuV3());
    var dma = new EduDma(new OpenDevice(kernel, test.arena(), address, device.fd()));
    var table = new FirstStage(pages.memory());
    return new SmmuGuest(test, iommufd, device, dma, pages, viommu, table);
  }

  /** The guest physical address of a page of its memory. */
  static long page(int page) {
    return Guest.MEMORY + page * UserPages.PAGE;
  }

  /** A HWPT that translates by the guest's table. */
  Hwpt translating() {
    var entry = new HwptData.SmmuV3(FirstStage.entry(), 0);
    return iommufd.newHwpt(device, viommu.id(), HwptSpec.nested(entry));
  }

  /** Has the device copy from one address to another: what lies in page 1 then. */
  String copy(long from, long to) {
    write(0, TEXT);
    write(1, "----");
    dma.move(from, to, TEXT.length());
    return pages.text(1, TEXT.length());
  }

  /** Waits for events. */
  List<GuestEvent> await(EventQueue queue) {
    var events = Events.on(test.kernel());
    events.watch(queue);
    assertEquals(1, events.await(Duration.ofSeconds(30)));
    return queue.read();
  }

  private void write(int page, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    MemorySegment.copy(
        MemorySegment.ofArray(bytes), 0, pages.memory(), page * UserPages.PAGE, bytes.length);
  }

  @Override
  public void close() {
    dma.close();
    iommufd.close();
    device.close();
  }
}
