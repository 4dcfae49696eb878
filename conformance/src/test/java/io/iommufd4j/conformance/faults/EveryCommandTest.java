// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.conformance.Answers;
import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.EduDma;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Set;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.Test;

/**
 * Each command fails at each place where it allocates or pins, one after the other: it answers with
 * an errno of a kind that fits, the observable state is as it was before, and the same command
 * succeeds afterwards.
 *
 * <p>{@code VFIO_DEVICE_BIND_IOMMUFD} is not among them: most of what it allocates is the PCI
 * core's.
 */
@Conformance
class EveryCommandTest {

  private static final long PAGE = UserPages.PAGE;
  private static final long IOVA = 0x100_0000;
  private static final long OTHER = 0x200_0000;
  private static final int MOST_PLACES = 300;

  /**
   * The errnos of an injected failure: out of memory, where a file's memory is made out of space,
   * or as {@code iommufd_should_fail} says.
   */
  private static final Set<ErrnoCode> EXPECTED =
      Set.of(Errno.ENOMEM, Errno.ENOSPC, Errno.EFAULT, Errno.ENOENT, Errno.EINVAL);

  /** A bound device, an IOAS with a mapping, and another. */
  private static final class Scene implements AutoCloseable {
    final KernelUnderTest test;
    final FailNth failNth;
    final BoundDevice device;
    final OpenIommufd iommufd;
    final UserPages pages;
    final int ioas;
    final int other;
    final MemorySegment ranges;

    Scene(KernelUnderTest test) {
      this.test = test;
      failNth = new FailNth(test);
      device = test.bound(test.machine().lone().getFirst());
      iommufd = device.iommufd();
      pages = test.pages(16);
      ioas = device.ioas();
      other = device.ioas();
      ranges = test.arena().allocate(ValueLayout.JAVA_LONG, 32);
      Answers.ok(iommufd.mapFixed(ioas, pages.address(), 8 * PAGE, IOVA));
    }

    /** The state as reported by requests that change nothing. */
    String seen() {
      return seen(ioas) + seen(other) + pinned();
    }

    private String seen(int id) {
      ranges.fill((byte) 0);
      int count = iommufd.iovaRanges(id, 16, ranges);
      return id + ":" + count + Arrays.toString(ranges.toArray(ValueLayout.JAVA_LONG));
    }

    private String pinned() {
      return " " + test.kernel().process().pinnedBytes();
    }

    /** A block that the command is given; made before the kernel is set to fail. */
    RequestBlock block(Request request) {
      return iommufd.block(request);
    }

    @Override
    public void close() {
      failNth.close();
    }
  }

  /**
   * Sweeps a command.
   *
   * @param command answers ≥ 0 or −errno; succeeds when nothing is made to fail
   * @param undo brings back what was before the command succeeded
   */
  private static void sweep(Scene scene, IntSupplier command, IntSupplier undo) {
    // Once unarmed: what the JVM loads on the way would be counted too.
    Answers.ok(command.getAsInt());
    Answers.ok(undo.getAsInt());
    scene.failNth.disarm();
    String before = scene.seen();
    int refused = 0;
    for (int nth = 1; ; nth++) {
      scene.failNth.arm(nth);
      int answer = command.getAsInt();
      boolean failed = scene.failNth.disarm();
      if (answer < 0) {
        refused++;
        ErrnoCode errno = ErrnoCode.of(answer);
        assertTrue(EXPECTED.contains(errno), errno.name());
      } else {
        Answers.ok(undo.getAsInt());
      }
      assertEquals(before, scene.seen(), "place " + nth);
      if (!failed) {
        Answers.ok(answer);
        assertTrue(refused > 0, "no place was reached");
        return;
      }
      if (nth == MOST_PLACES) {
        fail("reached ever more places");
      }
    }
  }

  @Test
  void open(KernelUnderTest test) {
    try (var scene = new Scene(test)) {
      int[] fd = new int[1];
      sweep(
          scene,
          () -> fd[0] = test.kernel().open("/dev/iommu", libc_h.O_RDWR()),
          () -> test.kernel().close(fd[0]));
    }
  }

  @Test
  void ioasAlloc(KernelUnderTest test) {
    try (var scene = new Scene(test)) {
      var block = scene.block(Request.IOMMU_IOAS_ALLOC);
      sweep(
          scene,
          () -> scene.iommufd.ioctl(block),
          () -> scene.iommufd.destroy((int) block.get("out_ioas_id")));
    }
  }

  @Test
  void map(KernelUnderTest test) {
    try (var scene = new Scene(test)) {
      Answers.ok(scene.iommufd.hwptAlloc(scene.device.id(), scene.ioas));
      sweep(
          scene,
          () ->
              scene.iommufd.mapFixed(scene.ioas, scene.pages.address() + 8 * PAGE, 8 * PAGE, OTHER),
          () -> unmapped(scene, scene.ioas, OTHER, 8 * PAGE));
    }
  }

  private static int unmapped(Scene scene, int ioas, long iova, long bytes) {
    return (int) scene.iommufd.unmap(ioas, iova, bytes);
  }

  @Test
  void mapFile(KernelUnderTest test) {
    try (var scene = new Scene(test)) {
      int file = test.memfd(8);
      Answers.ok(scene.iommufd.hwptAlloc(scene.device.id(), scene.ioas));
      sweep(
          scene,
          () -> scene.iommufd.mapFile(scene.ioas, file, 0, 8 * PAGE, OTHER),
          () -> unmapped(scene, scene.ioas, OTHER, 8 * PAGE));
    }
  }

  @Test
  void copy(KernelUnderTest test) {
    try (var scene = new Scene(test)) {
      Answers.ok(scene.iommufd.hwptAlloc(scene.device.id(), scene.other));
      sweep(
          scene,
          () -> scene.iommufd.copy(scene.ioas, IOVA, scene.other, IOVA, 4 * PAGE),
          () -> unmapped(scene, scene.other, IOVA, 4 * PAGE));
    }
  }

  @Test
  void unmap(KernelUnderTest test) {
    try (var scene = new Scene(test)) {
      Answers.ok(scene.iommufd.hwptAlloc(scene.device.id(), scene.ioas));
      sweep(
          scene,
          () -> unmapped(scene, scene.ioas, IOVA, 8 * PAGE),
          () -> scene.iommufd.mapFixed(scene.ioas, scene.pages.address(), 8 * PAGE, IOVA));
    }
  }

  @Test
  void allowIovas(KernelUnderTest test) {
    try (var scene = new Scene(test)) {
      sweep(
          scene,
          () -> scene.iommufd.allowIovas(scene.ioas, 0, IOVA - 1, IOVA, OTHER),
          () -> scene.iommufd.allowIovas(scene.ioas));
    }
  }

  @Test
  void iovaRanges(KernelUnderTest test) {
    try (var scene = new Scene(test)) {
      var into = test.arena().allocate(ValueLayout.JAVA_LONG, 32);
      sweep(scene, () -> scene.iommufd.iovaRanges(scene.ioas, 16, into), () -> 0);
    }
  }

  @Test
  void hwptAlloc(KernelUnderTest test) {
    try (var scene = new Scene(test)) {
      int[] hwpt = new int[1];
      sweep(
          scene,
          () -> hwpt[0] = scene.iommufd.hwptAlloc(scene.device.id(), scene.ioas),
          () -> scene.iommufd.destroy(hwpt[0]));
    }
  }

  @Test
  void hardwareInfo(KernelUnderTest test) {
    try (var scene = new Scene(test)) {
      var block = scene.block(Request.IOMMU_GET_HW_INFO).set("dev_id", scene.device.id());
      // The data's length is written back; nothing of the data itself is wanted.
      sweep(scene, () -> scene.iommufd.ioctl(block.set("data_len", 0)), () -> 0);
    }
  }

  @Test
  void option(KernelUnderTest test) {
    try (var scene = new Scene(test)) {
      int hugePages = iommufd_h.IOMMU_OPTION_HUGE_PAGES();
      sweep(
          scene,
          () -> scene.iommufd.setOption(hugePages, scene.other, 0),
          () -> scene.iommufd.setOption(hugePages, scene.other, 1));
    }
  }

  @Test
  void compatibleIoas(KernelUnderTest test) {
    try (var scene = new Scene(test)) {
      var set =
          scene
              .block(Request.IOMMU_VFIO_IOAS)
              .set("ioas_id", scene.ioas)
              .set("op", iommufd_h.IOMMU_VFIO_IOAS_SET());
      var clear = scene.block(Request.IOMMU_VFIO_IOAS).set("op", iommufd_h.IOMMU_VFIO_IOAS_CLEAR());
      sweep(scene, () -> scene.iommufd.ioctl(set), () -> scene.iommufd.ioctl(clear));
    }
  }

  @Test
  void attach(KernelUnderTest test) {
    try (var scene = new Scene(test)) {
      int hwpt = scene.device.hwpt(scene.other);
      sweep(scene, () -> scene.device.device().attach(hwpt), () -> scene.device.device().detach());
    }
  }

  @Test
  void attachToAnIoas(KernelUnderTest test) {
    try (var scene = new Scene(test)) {
      sweep(
          scene,
          () -> scene.device.device().attach(scene.ioas),
          () -> scene.device.device().detach());
    }
  }

  @Test
  void replace(KernelUnderTest test) {
    try (var scene = new Scene(test)) {
      Answers.ok(scene.iommufd.mapFixed(scene.other, scene.pages.address() + 8 * PAGE, PAGE, IOVA));
      scene.pages.memory().asSlice(0, 8 * PAGE).fill((byte) 'A');
      scene.pages.memory().asSlice(8 * PAGE, PAGE).fill((byte) 'B');
      int old = scene.device.hwpt(scene.ioas);
      int next = scene.device.hwpt(scene.other);
      Answers.ok(scene.device.device().attach(old));
      EduDma dma = test.dma(scene.device.device());
      sweep(
          scene,
          () -> {
            int answer = scene.device.device().attach(next);
            if (answer < 0) {
              Answers.refused(Errno.EBUSY, scene.iommufd.destroy(old));
            }
            return answer;
          },
          () -> scene.device.device().attach(old));
      // Attached again, since a driver that failed half-way may have changed the device.
      Answers.ok(scene.device.device().attach(next));
      Answers.ok(scene.device.device().attach(old));
      dma.move(IOVA, IOVA + PAGE, 64);
      assertEquals('A', scene.pages.memory().get(ValueLayout.JAVA_BYTE, PAGE));
    }
  }

  @Test
  void replaceByAnIoas(KernelUnderTest test) {
    try (var scene = new Scene(test)) {
      int old = scene.device.hwpt(scene.ioas);
      Answers.ok(scene.device.device().attach(old));
      sweep(
          scene,
          () -> scene.device.device().attach(scene.other),
          () -> scene.device.device().attach(old));
    }
  }

  @Test
  void faultQueue(KernelUnderTest test) {
    try (var scene = new Scene(test)) {
      var block = scene.block(Request.IOMMU_FAULT_QUEUE_ALLOC);
      sweep(
          scene,
          () -> scene.iommufd.ioctl(block),
          () -> {
            int closed = test.kernel().close((int) block.get("out_fault_fd"));
            return closed < 0 ? closed : scene.iommufd.destroy((int) block.get("out_fault_id"));
          });
    }
  }

  @Test
  void eventfd(KernelUnderTest test) {
    try (var scene = new Scene(test)) {
      int[] fd = new int[1];
      sweep(scene, () -> fd[0] = test.kernel().eventfd(0, 0), () -> test.kernel().close(fd[0]));
    }
  }

  @Test
  void memfd(KernelUnderTest test) {
    try (var scene = new Scene(test)) {
      int[] fd = new int[1];
      sweep(scene, () -> fd[0] = test.kernel().memfd("swept", 0), () -> test.kernel().close(fd[0]));
    }
  }
}
