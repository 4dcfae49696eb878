package io.iommufd4j.cli.run;

/** How a result is shown. */
public enum OutputFormat {
  TEXT,
  JSON
}
