// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential;

import io.iommufd4j.differential.program.Answer;
import io.iommufd4j.differential.program.Step;
import org.jspecify.annotations.Nullable;

/**
 * The first step at which two kernels differ.
 *
 * @param index of the step; as many as the program has when it is what is left in the end
 * @param step the step; null in the end
 * @param expected what the reference answered
 * @param actual what the other one answered
 */
public record Difference(int index, @Nullable Step step, Answer expected, Answer actual) {

  /**
   * The kind of a difference: those of one kind are reported once or twice, not a thousand times.
   */
  String kind() {
    String values =
        expected.value() == actual.value() ? "bytes" : name(expected) + " not " + name(actual);
    return request(step) + ": " + values;
  }

  /** The request of a step, without its operands. */
  static String request(@Nullable Step step) {
    return switch (step) {
      case null -> "end";
      case Step.Ioctl ioctl -> ioctl.name();
      case Step.Plain plain -> plain.name();
      case Step other -> other.getClass().getSimpleName();
    };
  }

  private static String name(Answer answer) {
    return Answer.of(Math.min(answer.value(), 0)).toString();
  }

  @Override
  public String toString() {
    return "step " + index + ", expected " + expected + ", was " + actual;
  }
}
