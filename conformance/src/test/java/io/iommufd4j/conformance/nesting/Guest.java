// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.nesting;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_NEST_PARENT;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_DATA_ARM_SMMUV3;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_VIOMMU_TYPE_ARM_SMMUV3;

import io.iommufd4j.bindings.iommufd.iommu_viommu_arm_smmuv3_invalidate;
import io.iommufd4j.conformance.Answers;
import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.EduDma;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.selftest.driver.ObjectRequests;
import io.iommufd4j.conformance.selftest.driver.ObjectRequests.Invalidation;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * A virtual machine as far as an IOMMU knows it: its memory, the nesting parent that maps it, a
 * virtual SMMUv3, and a device that is to be its own.
 *
 * @param pages its memory: page 0 is to be read, page 1 to be written by DMA
 * @param parent the nesting parent
 * @param viommu the virtual SMMUv3
 */
public record Guest(
    KernelUnderTest test,
    BoundDevice bound,
    ObjectRequests requests,
    UserPages pages,
    EduDma dma,
    int ioas,
    int parent,
    int viommu) {

  /** The guest physical address at which its memory begins. */
  public static final long MEMORY = 0x10_0000;

  /** The stream id by which it knows its device. */
  static final long STREAM = 0x1234;

  /** The content at the start of page 0, to be read. */
  static final String TEXT = "GUES";

  /** The content at the start of page 1 as long as nothing is written there. */
  static final String UNTOUCHED = "----";

  /** The bytes that a device has read when its read was aborted. */
  static final String NOTHING = "\0\0\0\0";

  /** Bytes in one transfer: with no more, the emulated device asks once for an address. */
  static final int TRANSFER = 4;

  private static final int PAGES = 16;

  /** One with a virtual SMMUv3 and no device in it yet. */
  static Guest of(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    var requests = new ObjectRequests(bound.iommufd());
    UserPages pages = test.pages(PAGES);
    int ioas = bound.ioas();
    Answers.ok(bound.iommufd().mapFixed(ioas, pages.address(), pages.bytes(), MEMORY));
    int parent =
        Answers.ok(bound.iommufd().hwptAlloc(bound.id(), ioas, IOMMU_HWPT_ALLOC_NEST_PARENT()));
    int viommu =
        Answers.ok(
            requests.viommu(
                bound.id(), parent, 0, IOMMU_VIOMMU_TYPE_ARM_SMMUV3(), ObjectRequests.NO_DATA));
    return new Guest(test, bound, requests, pages, test.dma(bound.device()), ioas, parent, viommu);
  }

  /** The guest physical address of a page of its memory. */
  static long address(int page) {
    return MEMORY + page * UserPages.PAGE;
  }

  /** {@code IOMMU_VDEVICE_ALLOC} of its device. */
  int takeDevice() {
    return requests.vdevice(viommu, bound.id(), STREAM);
  }

  /** {@code IOMMU_HWPT_ALLOC} of a stream table entry: its id. */
  int nested(long word0, long word1) {
    return nested(0, IOMMU_HWPT_DATA_ARM_SMMUV3(), word0, word1);
  }

  /** {@code IOMMU_HWPT_ALLOC} of words of whatever type. */
  int nested(int flags, int type, long... words) {
    MemorySegment data = test.arena().allocateFrom(ValueLayout.JAVA_LONG, words);
    return requests.hwpt(bound.id(), viommu, flags, type, data);
  }

  /** {@code IOMMU_HWPT_INVALIDATE} of commands, two words each. */
  Invalidation invalidate(long... words) {
    MemorySegment commands = test.arena().allocateFrom(ValueLayout.JAVA_LONG, words);
    long bytes = iommu_viommu_arm_smmuv3_invalidate.sizeof();
    int type = IOMMU_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3();
    return requests.invalidate(viommu, type, commands, bytes, words.length / 2);
  }

  /**
   * Has the device copy from one address to another.
   *
   * @return what lies in page 1 then
   */
  String copy(long from, long to) {
    write(0, TEXT);
    write(1, UNTOUCHED);
    dma.move(from, to, TRANSFER);
    return pages.text(1, TRANSFER);
  }

  private void write(int page, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    MemorySegment.copy(
        MemorySegment.ofArray(bytes), 0, pages.memory(), page * UserPages.PAGE, bytes.length);
  }
}
