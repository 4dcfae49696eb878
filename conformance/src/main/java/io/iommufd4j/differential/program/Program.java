// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential.program;

import java.util.List;
import java.util.stream.Collectors;

/** Steps in their order. Its text is a line for each. */
public record Program(List<Step> steps) {

  public Program {
    steps = List.copyOf(steps);
  }

  /** The number of steps that are system calls. */
  public long requests() {
    return steps.stream().filter(step -> !(step instanceof Step.Store)).count();
  }

  @Override
  public String toString() {
    return steps.stream().map(step -> step + "\n").collect(Collectors.joining());
  }
}
