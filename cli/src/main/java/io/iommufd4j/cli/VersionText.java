// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli;

import picocli.CommandLine.IVersionProvider;

/** The version that the build wrote into the jar. */
final class VersionText implements IVersionProvider {

  /** For picocli. */
  VersionText() {}

  /** One line that names the command and its version. */
  static String line() {
    String version = Main.class.getPackage().getImplementationVersion();
    return "iommufdctl " + (version == null ? "(not packaged)" : version);
  }

  @Override
  public String[] getVersion() {
    return new String[] {line()};
  }
}
