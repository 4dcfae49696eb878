// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.noiommu;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.UserPages.PAGE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.conformance.extension.OnHostKernelsOnly;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** The physical addresses agree with {@code /proc/self/pagemap} for the same pages. */
@Conformance
@WithoutIommu
@OnHostKernelsOnly
final class PagemapTest {

  private static final long IOVA = 0x4000_0000;
  private static final long FRAME = (1L << 55) - 1;
  private static final int PAGES = 16;

  @Test
  void framesAgree(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int ioas = bound.ioas();
    ok(bound.device().attach(ioas));
    UserPages pages = test.pages(PAGES);
    ok(bound.iommufd().mapFixed(ioas, pages.address(), PAGES * PAGE, IOVA));
    int pagemap = ok(test.kernel().open("/proc/self/pagemap", libc_h.O_RDONLY()));
    test.closeAfter(pagemap);
    MemorySegment entries = test.arena().allocate(ValueLayout.JAVA_LONG, PAGES);
    long from = pages.address() / PAGE * Long.BYTES;
    assertEquals(entries.byteSize(), test.kernel().pread(pagemap, entries, from));
    for (int i = 0; i < PAGES; i++) {
      long frame = entries.getAtIndex(ValueLayout.JAVA_LONG, i) & FRAME;
      long physical = Physical.of(bound.iommufd(), ioas, IOVA + i * PAGE, 1).address();
      assertEquals(frame * PAGE, physical);
    }
  }
}
