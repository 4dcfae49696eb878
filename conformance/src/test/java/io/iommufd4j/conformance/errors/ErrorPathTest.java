// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.errors;

import io.iommufd4j.conformance.Answers;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every way in which a command is refused, provoked. */
@Conformance
final class ErrorPathTest {

  static Stream<ErrorPath> paths() {
    return ErrorTable.paths();
  }

  static Stream<Arguments> blocks() {
    return BlockErrors.COMMANDS.stream()
        .flatMap(command -> Stream.of(BlockErrors.values()).map(e -> Arguments.of(command, e)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("paths")
  void refused(ErrorPath path, KernelUnderTest kernel) {
    Answers.refused(path.errno(), path.provoke(new Scene(kernel)));
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("blocks")
  void badBlock(Request command, BlockErrors error, KernelUnderTest kernel) {
    Answers.refused(error.errno(), error.provoke(new Scene(kernel), command));
  }
}
