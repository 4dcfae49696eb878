// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec;

import io.iommufd4j.sim.SimKernel;
import java.util.List;

/** A supervisor in a process of its own. */
final class RunAProgram {

  private RunAProgram() {}

  public static void main(String[] command) {
    System.exit(new ProgramRun(SimKernel.create(), System.err).run(List.of(command)));
  }
}
