// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio.interrupt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.iommufd4j.error.HostException;
import io.iommufd4j.event.EventFdRef;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.wire.KernelFile;
import java.lang.reflect.Proxy;
import org.junit.jupiter.api.Test;

/** A host that has fewer vectors left than a device, which is no errno of the kernel. */
class FewVectorsTest {

  private static final int LEFT = 3;

  /** {@code pci_alloc_irq_vectors} gives fewer, and the ioctl answers how many. */
  private static Kernel kernel() {
    return (Kernel)
        Proxy.newProxyInstance(
            FewVectorsTest.class.getClassLoader(),
            new Class<?>[] {Kernel.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("ioctl")) {
                assertEquals(Request.VFIO_DEVICE_SET_IRQS.number(), arguments[1]);
                return LEFT;
              }
              throw new UnsupportedOperationException(method.getName());
            });
  }

  @Test
  void answerThatIsACountIsARefusal() {
    Kernel kernel = kernel();
    var interrupts = new DeviceInterrupts(new KernelFile(kernel, 5));
    EventFdRef event = EventFdRef.of(kernel, 6);
    var refused =
        assertThrows(
            HostException.class, () -> interrupts.connect(PciIrq.MSIX, 2, event, null, event));
    assertEquals(Errno.ENOSPC, refused.errno());
    assertEquals("connect 5 vectors of MSIX", refused.operation());
    assertEquals("the host can give 3", refused.hint());
  }
}
