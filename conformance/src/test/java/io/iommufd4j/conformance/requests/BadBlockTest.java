// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.requests;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.iommufd.iommu_ioas_alloc;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A block that is not where the request says is EFAULT, and never more than that. */
@Conformance
final class BadBlockTest {

  private static final long KERNEL_HALF = 0xffff_8000_0000_0000L;

  @ParameterizedTest(name = "{0}")
  @EnumSource
  void unmappedBlockFaults(CommandCase command, KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    for (long address : new long[] {0, 1, test.badAddress(), KERNEL_HALF, -4}) {
      refused(EFAULT, iommufd.ioctl(command.request().number(), MemorySegment.ofAddress(address)));
    }
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  void blockThatRunsIntoNothingFaults(CommandCase command, KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    UserPages page = test.pageBeforeNothing();
    RequestBlock block = command.fill(iommufd.block(command.request()));
    long edge = UserPages.PAGE - Integer.BYTES;
    MemorySegment.copy(block.memory(), 0, page.memory(), edge, Integer.BYTES);
    refused(
        EFAULT,
        iommufd.ioctl(command.request().number(), MemorySegment.ofAddress(page.address() + edge)));
  }

  @Test
  void unwritableBlockUndoesWhatWasMade(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    MemorySegment block =
        test.readOnly(page -> page.set(ValueLayout.JAVA_INT, 0, (int) iommu_ioas_alloc.sizeof()));
    refused(EFAULT, iommufd.ioctl(Request.IOMMU_IOAS_ALLOC.number(), block));
    assertEquals(1, ok(iommufd.ioasAlloc()), "the id was not given back");
  }
}
