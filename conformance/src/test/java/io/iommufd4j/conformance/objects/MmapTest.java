// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.objects;

import static io.iommufd4j.bindings.selftest.selftest_h.IOMMU_VIOMMU_TYPE_SELFTEST;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENXIO;
import static io.iommufd4j.kernel.Errno.EPERM;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.bindings.selftest.iommu_viommu_selftest;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** {@code mmap(2)} of an iommufd: what a driver shows of a vIOMMU. */
@Conformance
final class MmapTest {

  private static final int TYPE = IOMMU_VIOMMU_TYPE_SELFTEST();
  private static final long PAGE = UserPages.PAGE;
  private static final int EXECUTE = 4;
  private static final int READ_WRITE = libc_h.PROT_READ() | libc_h.PROT_WRITE();

  /** A vIOMMU that can be mapped. */
  private static final class Shown {
    final MockGuest guest;
    final int viommu;
    final MemorySegment data;

    Shown(KernelUnderTest test) {
      this(new MockGuest(test));
    }

    Shown(MockGuest guest) {
      this.guest = guest;
      data = guest.test.arena().allocate(iommu_viommu_selftest.layout());
      iommu_viommu_selftest.in_data(data, 0xbeef);
      viommu = ok(guest.objects.viommu(guest.id(), guest.parent(), 0, TYPE, data));
    }

    long offset() {
      return iommu_viommu_selftest.out_mmap_offset(data);
    }

    long map(long bytes, int protection, long offset) {
      return map(bytes, protection, libc_h.MAP_SHARED(), offset);
    }

    long map(long bytes, int protection, int flags, long offset) {
      return guest.test.kernel().mmap(bytes, protection, flags, guest.iommufd.fd(), offset);
    }

    void unmap(long address, long bytes) {
      ok(guest.test.kernel().munmap(address, bytes));
    }

    static int first(long address) {
      MemorySegment area = MemorySegment.ofAddress(address).reinterpret(PAGE);
      return area.get(ValueLayout.JAVA_INT, 0);
    }
  }

  @Test
  void driverAnswersInTheDataItWasGiven(KernelUnderTest test) {
    var shown = new Shown(test);
    assertEquals(0xbeef, iommu_viommu_selftest.out_data(shown.data));
    assertEquals(2 * PAGE, iommu_viommu_selftest.out_mmap_length(shown.data));
    assertEquals(PAGE, shown.offset());
    assertEquals(3 * PAGE, new Shown(shown.guest).offset());
  }

  @Test
  void lowestFreeOffsetIsNext(KernelUnderTest test) {
    var first = new Shown(test);
    var second = new Shown(first.guest);
    ok(first.guest.iommufd.destroy(first.viommu));
    assertEquals(PAGE, new Shown(first.guest).offset());
    assertEquals(5 * PAGE, new Shown(second.guest).offset());
  }

  @Test
  void dataIsTakenAsLongAsTheDriverKnowsIt(KernelUnderTest test) {
    var guest = new MockGuest(test);
    int parent = guest.parent();
    MemorySegment data = test.arena().allocate(64, 8);
    refused(EINVAL, guest.objects.viommu(guest.id(), parent, 0, TYPE, data.asSlice(0, 4)));
    refused(EINVAL, guest.objects.viommu(guest.id(), parent, 0, TYPE, data.asSlice(0, 25)));
    MemorySegment nowhere = MemorySegment.ofAddress(test.badAddress()).reinterpret(24);
    refused(EFAULT, guest.objects.viommu(guest.id(), parent, 0, TYPE, nowhere));
    data.fill((byte) 0x11);
    int viommu = ok(guest.objects.viommu(guest.id(), parent, 0, TYPE, data.asSlice(0, 8)));
    assertEquals(parent + 1, viommu, "the id was not given back");
    assertEquals(0x11111111, data.get(ValueLayout.JAVA_INT, 4));
    assertEquals(0x1111111111111111L, data.get(ValueLayout.JAVA_LONG, 8), "was not asked for");
  }

  @Test
  void unwritableDataUndoesTheOffset(KernelUnderTest test) {
    var guest = new MockGuest(test);
    MemorySegment page = test.readOnly(memory -> {});
    refused(
        EFAULT, guest.objects.viommu(guest.id(), guest.parent(), 0, TYPE, page.reinterpret(24)));
    assertEquals(PAGE, new Shown(guest).offset());
  }

  @Test
  void areaIsMappedWholeAndShared(KernelUnderTest test) {
    var shown = new Shown(test);
    long at = shown.offset();
    refused(EINVAL, shown.map(2 * PAGE, READ_WRITE, libc_h.MAP_PRIVATE(), at));
    refused(EPERM, shown.map(2 * PAGE, READ_WRITE | EXECUTE, at));
    refused(ENXIO, shown.map(PAGE, READ_WRITE, at));
    refused(ENXIO, shown.map(3 * PAGE, READ_WRITE, at));
    refused(ENXIO, shown.map(PAGE, READ_WRITE, at + PAGE));
    refused(ENXIO, shown.map(2 * PAGE, READ_WRITE, at + PAGE));
    refused(ENXIO, shown.map(2 * PAGE, READ_WRITE, 0));
    refused(ENXIO, shown.map(2 * PAGE, READ_WRITE, at + 2 * PAGE));
    refused(EINVAL, shown.map(2 * PAGE, READ_WRITE, at + 1));
    // The kernel counts pages.
    long area = ok(shown.map(2 * PAGE - 1, READ_WRITE, at));
    shown.unmap(area, 2 * PAGE);
  }

  @Test
  void everyMappingShowsTheSame(KernelUnderTest test) {
    var shown = new Shown(test);
    long writable = ok(shown.map(2 * PAGE, READ_WRITE, shown.offset()));
    long readable = ok(shown.map(2 * PAGE, libc_h.PROT_READ(), shown.offset()));
    assertEquals(0xbeef, Shown.first(writable));
    assertEquals(0xbeef, Shown.first(readable));
    MemorySegment area = MemorySegment.ofAddress(writable).reinterpret(PAGE);
    area.set(ValueLayout.JAVA_INT, 0, 0xcafe);
    assertEquals(0xcafe, Shown.first(readable));
    shown.unmap(writable, 2 * PAGE);
    shown.unmap(readable, 2 * PAGE);
  }

  @Test
  void ownerIsBusyWhileMapped(KernelUnderTest test) {
    var shown = new Shown(test);
    long first = ok(shown.map(2 * PAGE, READ_WRITE, shown.offset()));
    long second = ok(shown.map(2 * PAGE, READ_WRITE, shown.offset()));
    refused(EBUSY, shown.guest.iommufd.destroy(shown.viommu));
    shown.unmap(first, 2 * PAGE);
    refused(EBUSY, shown.guest.iommufd.destroy(shown.viommu));
    shown.unmap(second, 2 * PAGE);
    ok(shown.guest.iommufd.destroy(shown.viommu));
    refused(ENXIO, shown.map(2 * PAGE, READ_WRITE, shown.offset()));
  }

  @Test
  void mappingOutlivesTheDescriptor(KernelUnderTest test) {
    var shown = new Shown(test);
    long area = ok(shown.map(2 * PAGE, READ_WRITE, shown.offset()));
    shown.guest.iommufd.close();
    assertEquals(0xbeef, Shown.first(area));
    shown.unmap(area, 2 * PAGE);
  }

  @Test
  void areaIsNoMemoryToMapForADevice(KernelUnderTest test) {
    var shown = new Shown(test);
    MockGuest guest = shown.guest;
    long area = ok(shown.map(2 * PAGE, READ_WRITE, shown.offset()));
    int answer = guest.iommufd.mapFixed(guest.ioas, area, PAGE, 1L << 24);
    refused(EFAULT, answer);
    shown.unmap(area, 2 * PAGE);
  }
}
