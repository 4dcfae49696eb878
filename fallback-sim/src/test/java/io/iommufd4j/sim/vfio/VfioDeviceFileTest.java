// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio;

import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_ATTACH_IOMMUFD_PT;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_ATTACH_PASID;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_BIND_IOMMUFD;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_DETACH_IOMMUFD_PT;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_DETACH_PASID;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_GET_INFO;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_RESET;
import static io.iommufd4j.kernel.Errno.E2BIG;
import static io.iommufd4j.kernel.Errno.EBADF;
import static io.iommufd4j.kernel.Errno.EBADFD;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.EIO;
import static io.iommufd4j.kernel.Errno.ENODEV;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.ENOTTY;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.bindings.vfio.vfio_device_attach_iommufd_pt;
import io.iommufd4j.bindings.vfio.vfio_device_bind_iommufd;
import io.iommufd4j.bindings.vfio.vfio_device_detach_iommufd_pt;
import io.iommufd4j.sim.device.model.EduModel;
import io.iommufd4j.sim.driver.IommuPreset;
import io.iommufd4j.sim.function.EduFunction;
import io.iommufd4j.sim.function.TestMachine;
import io.iommufd4j.sim.iommu.DmaPort;
import io.iommufd4j.sim.iommu.IommuGroup;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.Protection;
import io.iommufd4j.sim.pci.PciBus;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Requests to a device node, each answered as the lab's Linux 7.3.4 answers it. */
@Timeout(120)
final class VfioDeviceFileTest {

  private static final long IOVA = 0x100000;
  private static final long BAD_ADDRESS = 8;

  private final VfioBench bench = new VfioBench(IommuPreset.VTD);
  private final IommuGroup group = bench.machine.group(3);
  private final PciBus bus = new PciBus(false);
  private final EduFunction edu = bench.machine.edu("0000:00:08.0", bus, group);
  private final EduFunction sibling = bench.machine.edu("0000:00:08.1", bus, group);
  private final VfioDevice device = bench.driver.probe(edu);
  private final VfioDevice other = bench.driver.probe(sibling);
  private final int iommufd = bench.openIommufd();
  private final int fd = bench.open(device);

  @AfterEach
  void close() {
    bench.close();
  }

  private long mmap(long bytes, int flags, long offset) {
    try {
      MemorySegment window = bench.file(fd).mmap(bytes, libc_h.PROT_READ(), flags, offset);
      assertEquals(0, window.address() % TestMachine.PAGE);
      long length = window.byteSize();
      bench.file(fd).unmapped(window);
      return length;
    } catch (Refused refused) {
      return refused.errno().negated();
    }
  }

  @Nested
  final class BeforeBind {

    @Test
    void everythingIsInvalid() {
      MemorySegment buffer = bench.arena.allocate(64, 8);
      assertEquals(EINVAL.negated(), bench.ioctl(fd, VFIO_DEVICE_GET_INFO(), buffer));
      assertEquals(EINVAL.negated(), bench.ioctl(fd, VFIO_DEVICE_RESET(), 0));
      assertEquals(EINVAL.negated(), bench.ioctl(fd, 0x1234, 0));
      assertEquals(EINVAL.negated(), bench.attach(fd, 1));
      assertEquals(EINVAL.negated(), bench.detach(fd));
      assertEquals(EINVAL.negated(), bench.pread(fd, buffer, VfioBench.CONFIG));
      assertEquals(EINVAL.negated(), bench.pwrite(fd, buffer, VfioBench.CONFIG));
      assertEquals(EINVAL.negated(), mmap(4096, libc_h.MAP_SHARED(), 0));
    }
  }

  @Nested
  final class Bind {

    private int bind(MemorySegment block) {
      return bench.ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD(), block);
    }

    @Test
    void theSizeComesFirst() {
      MemorySegment block = bench.bindBlock(99);
      vfio_device_bind_iommufd.argsz(block, 8);
      assertEquals(EINVAL.negated(), bind(block));
      vfio_device_bind_iommufd.argsz(block, 16);
      assertEquals(EBADF.negated(), bind(block));
      assertEquals(EFAULT.negated(), bench.ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD(), BAD_ADDRESS));
    }

    @Test
    void descriptorsThatAreNoIommufd() {
      assertEquals(EINVAL.negated(), bench.bind(fd, -1));
      assertEquals(EBADFD.negated(), bench.bind(fd, fd));
      assertEquals(EBADF.negated(), bench.bind(fd, 99));
    }

    @Test
    void flagsAndTokens() {
      MemorySegment block = bench.bindBlock(iommufd);
      vfio_device_bind_iommufd.flags(block, 2);
      assertEquals(EINVAL.negated(), bind(block));
      vfio_device_bind_iommufd.flags(block, 1);
      vfio_device_bind_iommufd.token_uuid_ptr(block, bench.arena.allocate(16).address());
      assertEquals(EINVAL.negated(), bind(block));
      vfio_device_bind_iommufd.token_uuid_ptr(block, BAD_ADDRESS);
      assertEquals(EFAULT.negated(), bind(block));
    }

    @Test
    void aLongerBlockMustBeZeroBeyondWhatIsKnown() {
      MemorySegment block = bench.arena.allocate(8192, 8);
      vfio_device_bind_iommufd.argsz(block, 5000);
      vfio_device_bind_iommufd.iommufd(block, iommufd);
      block.set(ValueLayout.JAVA_BYTE, 4999, (byte) 1);
      assertEquals(E2BIG.negated(), bind(block));
      block.set(ValueLayout.JAVA_BYTE, 4999, (byte) 0);
      assertEquals(0, bind(block));
    }

    @Test
    void aDeviceIsBoundOnce() {
      assertEquals(1, bench.bind(fd, iommufd));
      assertEquals(EINVAL.negated(), bench.bind(fd, iommufd));
      int second = bench.open(device);
      assertEquals(EINVAL.negated(), bench.bind(second, iommufd));
      assertEquals(
          EINVAL.negated(),
          bench.ioctl(second, VFIO_DEVICE_GET_INFO(), bench.arena.allocate(64, 8)));
    }

    @Test
    void bindingBlocksTheWholeGroup() {
      assertEquals(1, bench.bind(fd, iommufd));
      assertNull(edu.device().steered());
      assertNull(sibling.device().steered());
      bench.files.close(fd);
      assertSame(group.defaultDomain(), sibling.device().steered());
    }

    @Test
    void anIdThatCannotBeWrittenBackUnbinds() {
      long address = readOnly(bench.bindBlock(iommufd));
      assertEquals(EFAULT.negated(), bench.ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD(), address));
      assertFalse(group.owned());
      assertEquals(1, bench.bind(fd, iommufd));
    }
  }

  /** A block that the kernel can read and not write. */
  private long readOnly(MemorySegment block) {
    long address = bench.machine.memory.mapAnonymous(4096, new Protection(true, true));
    MemorySegment.ofAddress(address).reinterpret(4096).copyFrom(block);
    var sealed = MemorySegment.ofAddress(address).reinterpret(4096).asReadOnly();
    return bench.machine.memory.map(sealed, new Protection(true, false), () -> {});
  }

  @Nested
  final class AttachAndReplace {

    private int ioas;

    private void bindAndMap() {
      assertEquals(1, bench.bind(fd, iommufd));
      ioas = bench.ioas(iommufd);
    }

    @Test
    void attachWritesTheHwptBack() {
      bindAndMap();
      assertEquals(3, bench.attach(fd, ioas));
      assertTrue(device.bound());
    }

    @Test
    void aSecondAttachIsAReplaceAndMovesTheWholeGroup() {
      bindAndMap();
      int otherIoas = bench.ioas(iommufd);
      MemorySegment first = bench.machine.pages(1).fill((byte) 1);
      MemorySegment second = bench.machine.pages(1).fill((byte) 2);
      bench.map(iommufd, ioas, first, IOVA);
      bench.map(iommufd, otherIoas, second, IOVA);
      int fdOther = bench.open(other);
      assertEquals(4, bench.bind(fdOther, iommufd));
      int before = bench.attach(fd, ioas);
      assertEquals(before, bench.attach(fdOther, ioas));
      assertEquals(1, reads(sibling));
      int after = bench.attach(fd, otherIoas);
      assertNotEquals(before, after);
      assertEquals(2, reads(edu));
      assertEquals(2, reads(sibling));
      assertEquals(after, bench.attach(fd, otherIoas));
    }

    private int reads(EduFunction function) {
      MemorySegment into = bench.arena.allocate(1);
      assertTrue(new DmaPort(function.device(), bench.machine.memory).read(IOVA, into));
      return into.get(ValueLayout.JAVA_BYTE, 0);
    }

    @Test
    void detachCanBeRepeated() {
      bindAndMap();
      assertEquals(0, bench.detach(fd));
      assertEquals(3, bench.attach(fd, ioas));
      assertEquals(0, bench.detach(fd));
      assertEquals(0, bench.detach(fd));
      assertNull(edu.device().steered());
    }

    @Test
    void unknownIdsAndOtherObjects() {
      bindAndMap();
      assertEquals(ENOENT.negated(), bench.attach(fd, 0));
      assertEquals(ENOENT.negated(), bench.attach(fd, 77));
      assertEquals(EINVAL.negated(), bench.attach(fd, 1));
    }

    @Test
    void sizesAndFlags() {
      bindAndMap();
      MemorySegment attach = bench.attachBlock(ioas);
      vfio_device_attach_iommufd_pt.argsz(attach, 8);
      assertEquals(EINVAL.negated(), bench.ioctl(fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT(), attach));
      vfio_device_attach_iommufd_pt.argsz(attach, 16);
      vfio_device_attach_iommufd_pt.flags(attach, 2);
      assertEquals(EINVAL.negated(), bench.ioctl(fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT(), attach));
      assertEquals(EFAULT.negated(), bench.ioctl(fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT(), BAD_ADDRESS));
      MemorySegment detach = bench.arena.allocate(vfio_device_detach_iommufd_pt.layout());
      vfio_device_detach_iommufd_pt.argsz(detach, 4);
      assertEquals(EINVAL.negated(), bench.ioctl(fd, VFIO_DEVICE_DETACH_IOMMUFD_PT(), detach));
      vfio_device_detach_iommufd_pt.argsz(detach, 8);
      vfio_device_detach_iommufd_pt.flags(detach, 4);
      assertEquals(EINVAL.negated(), bench.ioctl(fd, VFIO_DEVICE_DETACH_IOMMUFD_PT(), detach));
    }

    @Test
    void pasids() {
      bindAndMap();
      bench.attach(fd, ioas);
      MemorySegment attach = bench.attachBlock(ioas);
      vfio_device_attach_iommufd_pt.flags(attach, VFIO_DEVICE_ATTACH_PASID());
      vfio_device_attach_iommufd_pt.pasid(attach, 5);
      assertEquals(EINVAL.negated(), bench.ioctl(fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT(), attach));
      vfio_device_attach_iommufd_pt.argsz(attach, 12);
      assertEquals(EINVAL.negated(), bench.ioctl(fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT(), attach));
      MemorySegment detach = bench.arena.allocate(vfio_device_detach_iommufd_pt.layout());
      vfio_device_detach_iommufd_pt.argsz(detach, 12);
      vfio_device_detach_iommufd_pt.flags(detach, VFIO_DEVICE_DETACH_PASID());
      vfio_device_detach_iommufd_pt.pasid(detach, 5);
      assertEquals(0, bench.ioctl(fd, VFIO_DEVICE_DETACH_IOMMUFD_PT(), detach));
      vfio_device_detach_iommufd_pt.argsz(detach, 8);
      assertEquals(EINVAL.negated(), bench.ioctl(fd, VFIO_DEVICE_DETACH_IOMMUFD_PT(), detach));
    }

    @Test
    void anIdThatCannotBeWrittenBackDetaches() {
      bindAndMap();
      long address = readOnly(bench.attachBlock(ioas));
      assertEquals(EFAULT.negated(), bench.ioctl(fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT(), address));
      assertNull(edu.device().steered());
      assertEquals(3, bench.attach(fd, ioas), "the automatic HWPT is gone");
      assertEquals(EFAULT.negated(), bench.ioctl(fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT(), address));
      assertNull(edu.device().steered(), "a replace too");
    }

    @Test
    void theLastCloseDetachesAndUnbinds() {
      bindAndMap();
      bench.attach(fd, ioas);
      int again = bench.files.dup(fd);
      bench.files.close(fd);
      assertTrue(device.bound());
      bench.files.close(again);
      assertFalse(device.bound());
      assertFalse(group.owned());
      assertSame(group.defaultDomain(), edu.device().steered());
    }

    @Test
    void theContextOutlivesItsDescriptorWhileADeviceIsBound() {
      bindAndMap();
      bench.files.close(iommufd);
      assertEquals(3, bench.attach(fd, ioas));
    }
  }

  @Nested
  final class RegionAccess {

    private void bind() {
      assertEquals(1, bench.bind(fd, iommufd));
    }

    @Test
    void bar0() {
      bind();
      assertEquals(0x010000ed, bench.get(fd, 0, 4));
      assertEquals(0, bench.get(fd, 0, 1));
      assertEquals(0, bench.get(fd, 0, 2));
      assertEquals(-1, bench.get(fd, 0, 8));
      bench.put(fd, 4, 4, 0x11112222);
      assertEquals(0xeeeeddddL, bench.get(fd, 4, 4));
      assertEquals(4, bench.pread(fd, bench.arena.allocate(4), 3));
      assertEquals(2, bench.pread(fd, bench.arena.allocate(4), 0xffffe));
      assertEquals(EINVAL.negated(), bench.pread(fd, bench.arena.allocate(4), 0x100000));
      assertEquals(0, bench.pread(fd, bench.arena.allocate(0), 0));
    }

    @Test
    void otherRegions() {
      bind();
      MemorySegment four = bench.arena.allocate(4);
      assertEquals(EINVAL.negated(), bench.pread(fd, four, 1L << 40));
      assertEquals(EINVAL.negated(), bench.pread(fd, four, 6L << 40));
      assertEquals(EINVAL.negated(), bench.pwrite(fd, four, 6L << 40));
      assertEquals(EINVAL.negated(), bench.pread(fd, four, 8L << 40));
      assertEquals(EINVAL.negated(), bench.pread(fd, four, 9L << 40));
    }

    @Test
    void readGoesOnFromItsOwnPosition() {
      bind();
      MemorySegment four = bench.arena.allocate(4, 4);
      assertEquals(4, bench.file(fd).read(four));
      assertEquals(0x010000ed, four.get(ValueLayout.JAVA_INT, 0));
      assertEquals(4, bench.file(fd).read(four));
      assertEquals(0, four.get(ValueLayout.JAVA_INT, 0));
    }

    @Test
    void withMemoryDecodingOffBarsAnswerEio() {
      bind();
      bench.put(fd, VfioBench.CONFIG + 4, 2, 0);
      assertEquals(EIO.negated(), bench.pread(fd, bench.arena.allocate(4), 0));
      assertEquals(EIO.negated(), bench.pwrite(fd, bench.arena.allocate(4), 4));
      bench.put(fd, VfioBench.CONFIG + 4, 2, 6);
      assertEquals(0x010000ed, bench.get(fd, 0, 4));
    }

    @Test
    void mappings() {
      bind();
      int shared = libc_h.MAP_SHARED();
      assertEquals(4096, mmap(4096, shared, 0));
      assertEquals(4096, mmap(4096, shared, 0xff000));
      assertEquals(0x100000, mmap(0x100000, shared, 0));
      assertEquals(EINVAL.negated(), mmap(4096, libc_h.MAP_PRIVATE(), 0));
      assertEquals(EINVAL.negated(), mmap(0x101000, shared, 0));
      assertEquals(EINVAL.negated(), mmap(4096, shared, 1L << 40));
      assertEquals(EINVAL.negated(), mmap(4096, shared, VfioBench.CONFIG));
      assertEquals(EINVAL.negated(), mmap(4096, shared, 9L << 40));
    }

    @Test
    void busMasteringIsOffAtBindAndAfterClose() {
      edu.config().write(4, 2, 7);
      bind();
      assertEquals(3, bench.get(fd, VfioBench.CONFIG + 4, 2) & 7);
      bench.put(fd, VfioBench.CONFIG + 4, 2, 6);
      assertTrue(edu.config().busMaster());
      bench.files.close(fd);
      assertFalse(edu.config().busMaster());
    }
  }

  @Nested
  final class Driver {

    @Test
    void nodesTakeTheLowestFreeNumber() {
      assertEquals("vfio0", device.nodeName());
      assertEquals("vfio1", other.nodeName());
      bench.files.close(fd);
      bench.driver.remove(edu);
      assertNull(bench.driver.find(edu));
      assertEquals(
          ENODEV.negated(),
          assertThrows(Refused.class, () -> bench.driver.open(device)).errno().negated());
      assertEquals("vfio0", bench.driver.probe(edu).nodeName());
    }

    @Test
    void removingWaitsForTheLastClose() throws InterruptedException {
      Thread remover = Thread.ofPlatform().start(() -> bench.driver.remove(edu));
      while (remover.getState() != Thread.State.WAITING) {
        Thread.onSpinWait();
      }
      assertSame(device, bench.driver.find(edu));
      bench.files.close(fd);
      remover.join();
      assertNull(bench.driver.find(edu));
    }

    @Test
    void unknownRequests() {
      bench.bind(fd, iommufd);
      assertEquals(ENOTTY.negated(), bench.ioctl(fd, 0x1234, 0));
      assertEquals(ENOTTY.negated(), bench.ioctl(fd, 0x3b00 + 150, 0));
    }

    @Test
    void onTheRootBusNothingCanBeReset() {
      bench.bind(fd, iommufd);
      assertEquals(EINVAL.negated(), bench.ioctl(fd, VFIO_DEVICE_RESET(), 0));
    }

    @Test
    void aloneBehindABridgeResetWorks() {
      EduFunction alone =
          bench.machine.edu("0000:02:01.0", new PciBus(true), bench.machine.group(7));
      int aloneFd = bench.open(bench.driver.probe(alone));
      alone.store(0, EduModel.INTERRUPT_RAISE, 4, 1);
      assertTrue(bench.bind(aloneFd, iommufd) > 0);
      assertFalse(alone.interrupts().checkAndMaskPin(), "the open resets it");
      bench.put(aloneFd, EduModel.INTERRUPT_RAISE, 4, 1);
      bench.put(aloneFd, VfioBench.CONFIG + 4, 2, 6);
      assertEquals(0, bench.ioctl(aloneFd, VFIO_DEVICE_RESET(), 0));
      assertFalse(alone.interrupts().checkAndMaskPin());
      assertEquals(6, bench.get(aloneFd, VfioBench.CONFIG + 4, 2));
    }
  }
}
