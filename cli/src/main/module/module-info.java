// SPDX-License-Identifier: Apache-2.0
/** The command line: {@code iommufdctl}. */
module io.iommufd4j.cli {
  requires HdrHistogram;
  requires com.fasterxml.jackson.jr.ob;
  requires commons.jvm;
  requires info.picocli;
  requires io.iommufd4j.core;
  requires io.iommufd4j.exec;
  requires io.iommufd4j.sim;
  requires kotlin.stdlib;
  requires me.tongfei.progressbar;
  // What draws has no descriptor, so nothing else asks for what it logs to.
  requires org.slf4j;
  requires plot.stem.jvm;
  requires static org.jspecify;

  // Commands and their options are found by reflection.
  opens io.iommufd4j.cli to
      info.picocli;
  opens io.iommufd4j.cli.bench to
      info.picocli;
  opens io.iommufd4j.cli.command to
      info.picocli;
  opens io.iommufd4j.cli.machine to
      info.picocli;
  opens io.iommufd4j.cli.run to
      info.picocli;
}
