// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.requests;

import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.kernel.Errno.EBADF;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOTTY;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.FileKind;
import io.iommufd4j.kernel.LinuxRelease;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A number that is no request gives ENOTTY. */
@Conformance
final class NumberTest {

  private static final int ANOTHER_TYPE = ('<' << 8);
  private static final int READ_DIRECTION = 2 << 30;
  private static final int SIZE_BITS = 16 << 16;

  @ParameterizedTest(name = "{0}")
  @EnumSource
  void sameNumberOfAnotherTypeIsUnknown(CommandCase command, KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    RequestBlock block = command.fill(iommufd.block(command.request()));
    int number = command.request().number();
    for (int wrong :
        new int[] {(number & 0xff) | ANOTHER_TYPE, number | READ_DIRECTION, number | SIZE_BITS}) {
      refused(ENOTTY, iommufd.ioctl(wrong, block.memory()));
    }
  }

  /**
   * {@code Request.since} is what a kernel knows; a block of no bytes is EINVAL to what is there.
   */
  @Test
  void commandsAreThereFromTheirReleaseOn(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    MemorySegment block = test.arena().allocate(64);
    LinuxRelease now = LinuxRelease.parse(test.kernel().identity().release()).orElseThrow();
    for (Request request : Request.values()) {
      if (request.file() == FileKind.IOMMUFD) {
        boolean later = request.since().orElseThrow().after(now);
        int answer = test.kernel().ioctl(iommufd.fd(), request.number(), block);
        refused(later ? ENOTTY : EINVAL, answer);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0x00, 0x7f, 0x96, 0x9f, 0xa1, 0xff})
  void numbersThatNobodyHasAreUnknown(int number, KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    MemorySegment block = test.arena().allocate(64);
    refused(ENOTTY, iommufd.ioctl((Request.IOMMU_DESTROY.number() & ~0xff) | number, block));
  }

  @Test
  void requestsOnNothingAreBadDescriptors(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    RequestBlock block = iommufd.block(Request.IOMMU_IOAS_ALLOC);
    iommufd.close();
    refused(EBADF, iommufd.ioctl(block));
    refused(EBADF, test.kernel().ioctl(-1, block.request().number(), block.memory()));
  }

  @Test
  void iommufdIsNeitherReadNorWritten(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    MemorySegment buffer = test.arena().allocate(16);
    refused(EINVAL, test.kernel().read(iommufd.fd(), buffer));
    refused(EINVAL, test.kernel().write(iommufd.fd(), buffer));
  }
}
