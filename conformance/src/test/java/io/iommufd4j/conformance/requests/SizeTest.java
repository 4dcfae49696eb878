// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.requests;

import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.kernel.Errno.E2BIG;
import static io.iommufd4j.kernel.Errno.EINVAL;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.extension.Conformance;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * {@code size} is how a block grows from one kernel release to the next ({@code
 * copy_struct_from_user}).
 */
@Conformance
final class SizeTest {

  private static final int TAIL = 64;

  @ParameterizedTest(name = "{0}")
  @EnumSource
  void belowTheMinimumIsInvalid(CommandCase command, KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    RequestBlock block = command.fill(iommufd.block(command.request()));
    for (int size = 0; size < command.request().minimumBytes(); size++) {
      refused(EINVAL, iommufd.ioctl(block.size(size)));
    }
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  void fromTheMinimumOnAnswersAlike(CommandCase command, KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    long full = command.request().layout().orElseThrow().byteSize();
    for (long size = command.request().minimumBytes(); size <= full; size++) {
      RequestBlock block = command.fill(iommufd.block(command.request()));
      same(command.answer(), iommufd.ioctl(block.size(size)));
    }
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  void zeroTailAnswersAlike(CommandCase command, KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    for (int tail : new int[] {1, 7, 8, TAIL}) {
      RequestBlock block = RequestBlock.withTail(command.request(), test.arena(), TAIL);
      long full = command.request().layout().orElseThrow().byteSize();
      same(command.answer(), iommufd.ioctl(command.fill(block).size(full + tail)));
    }
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  void nonZeroTailIsTooBig(CommandCase command, KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    long full = command.request().layout().orElseThrow().byteSize();
    for (int at : new int[] {0, 1, TAIL - 1}) {
      RequestBlock block = RequestBlock.withTail(command.request(), test.arena(), TAIL);
      command.fill(block).size(full + TAIL);
      block.memory().set(ValueLayout.JAVA_BYTE, full + at, (byte) 1);
      refused(E2BIG, iommufd.ioctl(block));
    }
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  void bytesBeyondTheSizeAreNotRead(CommandCase command, KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    RequestBlock block = RequestBlock.withTail(command.request(), test.arena(), TAIL);
    long full = command.request().layout().orElseThrow().byteSize();
    command.fill(block).memory().asSlice(full).fill((byte) 0xff);
    same(command.answer(), iommufd.ioctl(block.size(full)));
  }
}
