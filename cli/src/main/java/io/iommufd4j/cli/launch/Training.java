// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.launch;

import io.iommufd4j.cli.Main;
import io.iommufd4j.sim.Machine;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The run that an AOT cache is made from ({@code java -XX:AOTCacheOutput}): commands on the
 * simulated kernel, a program of the host on it, where seccomp allows that, and on the host's those
 * that only read sysfs. The cache holds the classes that they load, and the lambdas that they link.
 */
public final class Training {

  /** One run a line. None changes the host or opens {@code /dev/iommu}. */
  static final List<String> COMMANDS =
      List.of(
          "--sim device-replace 02:01.0 --prove-dma",
          "--sim device-replace 02:01.0 -o json",
          "--sim device list",
          "--sim device show 02:01.0",
          "--sim group list",
          "device list -o json",
          "sim exec -- true",
          "--version");

  private Training() {}

  /** The parser of machine files is in the cache, too. */
  private static void readMachine() {
    Machine.read("training.yaml", Machine.named(Machine.DEFAULT).yaml());
  }

  /** Takes no arguments. */
  public static void main(String[] args) {
    var nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
    for (String command : COMMANDS) {
      Main.run(command.split(" "), nowhere, nowhere);
    }
    readMachine();
    // As Main ends, so that the classes of this are in the cache, too.
    System.exit(0);
  }
}
