// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli;

import java.lang.module.ModuleDescriptor;
import picocli.CommandLine.IVersionProvider;

/** The version that the build wrote into the jar: into its manifest, and into its module. */
final class VersionText implements IVersionProvider {

  /** For picocli. */
  VersionText() {}

  /** One line that names the command and its version. */
  static String line() {
    ModuleDescriptor module = Main.class.getModule().getDescriptor();
    String version =
        module == null
            ? Main.class.getPackage().getImplementationVersion()
            : module.rawVersion().orElse(null);
    return "iommufdctl " + (version == null ? "(not packaged)" : version);
  }

  @Override
  public String[] getVersion() {
    return new String[] {line()};
  }
}
