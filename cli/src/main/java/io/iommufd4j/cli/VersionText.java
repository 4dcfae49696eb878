package io.iommufd4j.cli;

import picocli.CommandLine.IVersionProvider;

/** The version that the build wrote into the jar. */
final class VersionText implements IVersionProvider {

  /** For picocli. */
  VersionText() {}

  @Override
  public String[] getVersion() {
    String version = Main.class.getPackage().getImplementationVersion();
    return new String[] {"iommufdctl " + (version == null ? "(not packaged)" : version)};
  }
}
