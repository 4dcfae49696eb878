// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.api;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.iommufd4j.DmaBuffer;
import io.iommufd4j.Hwpt;
import io.iommufd4j.Ioas;
import io.iommufd4j.Iommufd;
import io.iommufd4j.bindings.selftest.iommu_hwpt_invalidate_selftest;
import io.iommufd4j.bindings.selftest.iommu_hwpt_selftest;
import io.iommufd4j.bindings.selftest.selftest_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.container.OpenContainer;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.conformance.extension.OnHostKernelsOnly;
import io.iommufd4j.conformance.selftest.driver.MockIommufd;
import io.iommufd4j.data.HwptData;
import io.iommufd4j.data.HwptSpec;
import io.iommufd4j.data.Invalidation;
import io.iommufd4j.data.InvalidationBlock;
import io.iommufd4j.event.EventFd;
import io.iommufd4j.event.Events;
import io.iommufd4j.event.Watch;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.uapi.DeviceId;
import io.iommufd4j.uapi.HwptFlag;
import io.iommufd4j.vfio.PciRegion;
import io.iommufd4j.vfio.VfioDevice;
import io.iommufd4j.vfio.group.IommuType;
import io.iommufd4j.vfio.group.VfioContainer;
import io.iommufd4j.vfio.group.VfioGroup;
import io.iommufd4j.vfio.interrupt.PciIrq;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/**
 * Map, unmap, replace, invalidate and waiting leave nothing on the Java heap. Until the optimising
 * compiler has got to it, the linker's own code allocates, so that calls are made until a series of
 * them leaves less than a byte each.
 */
@Conformance
@OnHostKernelsOnly
final class HotCallTest {

  private static final int CALLS = 2_000;
  private static final int MOST_SERIES = 100;
  private static final long PAGE = 4096;
  private static final long IOVA = 0x100_0000;
  private static final long LIVENESS = 4;

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @Test
  void mapAndUnmap(KernelUnderTest test) {
    Kernel kernel = test.kernel();
    try (var iommufd = Iommufd.open(kernel);
        var memory = DmaBuffer.allocate(kernel, PAGE)) {
      Ioas ioas = iommufd.newIoas();
      long address = memory.segment().address();
      allocatesNothing(() -> {
        ioas.map(address, PAGE, IOVA, Access.READ_WRITE);
        ioas.unmap(IOVA, PAGE);
      });
    }
  }

  @Test
  void replace(KernelUnderTest test) {
    Kernel kernel = test.kernel();
    try (var iommufd = Iommufd.open(kernel);
        var device = VfioDevice.open(kernel, test.machine().lone().getFirst())) {
      device.bind(iommufd);
      Ioas ioas = iommufd.newIoas();
      Hwpt one = iommufd.newHwpt(device, ioas);
      Hwpt other = iommufd.newHwpt(device, ioas);
      device.attach(one);
      allocatesNothing(() -> {
        device.replace(other);
        device.replace(one);
      });
    }
  }

  @Test
  void invalidate(KernelUnderTest test) {
    Kernel kernel = test.kernel();
    try (var iommufd = Iommufd.open(kernel)) {
      var mock = MockIommufd.on(test, new OpenIommufd(kernel, test.arena(), iommufd.fd()));
      Ioas ioas = iommufd.newIoas();
      var device = mock.device(ioas.id().value()).ok();
      var id = new DeviceId(device.id());
      Hwpt parent = iommufd.newHwpt(id, ioas.id(), HwptSpec.of(HwptFlag.NEST_PARENT));
      MemorySegment table = test.arena().allocate(iommu_hwpt_selftest.layout());
      var data = new HwptData.Raw(selftest_h.IOMMU_HWPT_DATA_SELFTEST(), table);
      Hwpt nested = iommufd.newHwpt(id, parent.id(), HwptSpec.nested(data));
      MemorySegment entry = test.arena().allocate(iommu_hwpt_invalidate_selftest.layout());
      var block =
          InvalidationBlock.of(
              new Invalidation.Raw(selftest_h.IOMMU_HWPT_INVALIDATE_DATA_SELFTEST(), entry));
      allocatesNothing(() -> nested.invalidate(block));
      mock.iommufd().destroy(device.stdev());
    }
  }

  @Test
  void mapAndUnmapInAContainer(KernelUnderTest test) {
    Kernel kernel = test.kernel();
    OpenContainer.allowUnsafeInterrupts(test);
    try (var container = VfioContainer.open(kernel);
        var group = VfioGroup.open(kernel, test.machine().lone().getFirst());
        var memory = DmaBuffer.allocate(kernel, PAGE)) {
      group.setContainer(container);
      container.setIommu(IommuType.TYPE1_V2);
      long address = memory.segment().address();
      allocatesNothing(() -> {
        container.map(address, PAGE, IOVA, Access.READ_WRITE);
        container.unmap(IOVA, PAGE);
      });
    }
  }

  @Test
  void registersAndUnmask(KernelUnderTest test) {
    Kernel kernel = test.kernel();
    try (var iommufd = Iommufd.open(kernel);
        var device = VfioDevice.open(kernel, test.machine().lone().getFirst())) {
      device.bind(iommufd);
      device.config().memorySpace(true);
      try (var bar = device.openRegion(PciRegion.BAR0);
          var line = device.interrupts().open(PciIrq.INTX, 1)) {
        var calls = device.registers(bar.info());
        allocatesNothing(() -> {
          bar.write32(LIVENESS, calls.read32(LIVENESS));
          line.unmask();
        });
      }
    }
  }

  @Test
  void seam(KernelUnderTest test) {
    var iommufd = test.iommufd();
    MemorySegment block = Arena.ofAuto().allocate(Request.IOMMU_OPTION.minimumBytes(), 8);
    block.set(ValueLayout.JAVA_INT, 0, (int) block.byteSize());
    block.set(ValueLayout.JAVA_SHORT, 8, (short) 1);
    Kernel kernel = test.kernel();
    int fd = iommufd.fd();
    int number = Request.IOMMU_OPTION.number();
    allocatesNothing(() -> {
      if (kernel.ioctl(fd, number, block) != 0) {
        throw new AssertionError("IOMMU_OPTION was refused");
      }
    });
  }

  @Test
  void signalWaitAndTake(KernelUnderTest test) {
    Kernel kernel = test.kernel();
    try (var one = EventFd.create(kernel);
        var other = EventFd.create(kernel)) {
      Events events = Events.on(kernel);
      events.watch(one);
      Watch second = events.watch(other);
      Duration patience = Duration.ofSeconds(20);
      allocatesNothing(() -> {
        one.signal();
        other.signal();
        if (events.await(patience) != 2 || !second.readable() || one.await(patience) != 1) {
          throw new AssertionError("a signal is missing");
        }
        other.take();
      });
    }
  }

  private void allocatesNothing(Runnable call) {
    long allocated = Long.MAX_VALUE;
    for (int series = 0; series < MOST_SERIES && allocated >= CALLS; series++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < CALLS; i++) {
        call.run();
      }
      allocated = threads.getCurrentThreadAllocatedBytes() - before;
    }
    long least = allocated;
    assertTrue(least < CALLS, () -> least + " bytes allocated in " + CALLS + " calls");
  }
}
