// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec;

import io.iommufd4j.linux.SeccompFilter;
import io.iommufd4j.linux.SystemCall;
import io.iommufd4j.sim.SimKernel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A supervisor in a process of its own. It offers its kernel at the socket that the property {@code
 * offer} names, or has the one that is offered at {@code attach}. It lacks the system call that
 * {@code forbidden} names.
 */
final class RunAProgram {

  private RunAProgram() {}

  public static void main(String[] command) {
    System.exit(run(List.of(command)));
  }

  private static int run(List<String> command) {
    String attach = System.getProperty("attach");
    String forbidden = System.getProperty("forbidden");
    if (forbidden != null) {
      new SeccompFilter().refused(SystemCall.valueOf(forbidden), 1).installAlone();
    }
    try {
      if (attach != null) {
        return new AttachedRun(Path.of(attach)).run(command);
      }
      var run = new ProgramRun(SimKernel.create(), System.err);
      String offer = System.getProperty("offer");
      return (offer == null ? run : run.offerAt(Path.of(offer))).run(command);
    } catch (NotStartedException refused) {
      System.err.println(refused.getMessage());
      return 3;
    }
  }

  /** The words that start it, before those of the program. */
  static List<String> words(String... properties) {
    var words = new ArrayList<String>();
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    words.addAll(List.of("-XX:-MaxFDLimit", "--enable-native-access=ALL-UNNAMED"));
    words.addAll(List.of(properties));
    words.addAll(
        List.of("-cp", System.getProperty("java.class.path"), RunAProgram.class.getName()));
    return words;
  }
}
