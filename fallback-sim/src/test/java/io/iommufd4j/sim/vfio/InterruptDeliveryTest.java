// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio;

import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_SET_IRQS;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_IRQ_SET_ACTION_TRIGGER;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_IRQ_SET_DATA_EVENTFD;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.sim.device.model.EduModel;
import io.iommufd4j.sim.driver.IommuPreset;
import io.iommufd4j.sim.function.EduFunction;
import io.iommufd4j.sim.pci.PciBus;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Interrupts in situations that QEMU's machines do not show. */
@Timeout(120)
final class InterruptDeliveryTest {

  private static final int HEADER = 20;
  private static final int TRIGGER = VFIO_IRQ_SET_DATA_EVENTFD() | VFIO_IRQ_SET_ACTION_TRIGGER();

  private final VfioBench bench = new VfioBench(IommuPreset.VTD);
  private final EduFunction edu =
      bench.machine.edu("0000:00:08.0", new PciBus(false), bench.machine.group(3));
  private final int fd = bench.open(bench.driver.probe(edu));

  InterruptDeliveryTest() {
    assertEquals(1, bench.bind(fd, bench.openIommufd()));
  }

  @AfterEach
  void close() {
    bench.close();
  }

  private void setEventFd(int flags, int event) {
    assertEquals(
        0, bench.ioctl(fd, VFIO_DEVICE_SET_IRQS(), bench.words(HEADER + 4, flags, 0, 0, 1, event)));
  }

  private boolean counted(int event) {
    return (bench.file(event).poll() & libc_h.POLLIN()) != 0;
  }

  @Test
  void interruptThatWaitsWhenItIsSetUpComesAtOnce() {
    edu.store(0, EduModel.INTERRUPT_RAISE, 4, 1);
    int event = bench.eventFd();
    setEventFd(TRIGGER, event);
    assertTrue(counted(event));
  }

  @Test
  void factorialAndDmaRaiseTheirOwn() {
    int event = bench.eventFd();
    setEventFd(TRIGGER, event);
    edu.store(0, EduModel.STATUS, 4, 0x80);
    edu.store(0, EduModel.FACTORIAL, 4, 4);
    assertTrue(counted(event));
    assertEquals(1, edu.readBar(0, EduModel.INTERRUPT_STATUS, 4));
    edu.store(0, EduModel.INTERRUPT_ACKNOWLEDGE, 4, 1);
    edu.store(0, EduModel.DMA_COMMAND, 8, EduModel.RUN | EduModel.INTERRUPT);
    assertEquals(0x100, edu.readBar(0, EduModel.INTERRUPT_STATUS, 4));
  }
}
